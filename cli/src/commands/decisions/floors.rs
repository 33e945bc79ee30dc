//! Floors of an evaluation: how good the whole, a strategy or a service must be.

use std::fmt;
use std::str::FromStr;

use reconciler_core::matching::{Evaluation, Measure, nearest};
use reconciler_core::model::{Catalog, ServiceId};
use serde::Serialize;

use crate::failure::Failure;

/// A floor as it was given: `0.98`, or of what: `uuid-pattern=0.98`.
#[derive(Debug, Clone)]
pub(crate) struct Floor {
    /// A strategy, a service, or `STRATEGY/SERVICE`; nothing for the whole.
    of: Option<String>,
    least: f64,
}

impl FromStr for Floor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (of, ratio) = match text.rsplit_once('=') {
            Some((of, ratio)) => (Some(of), ratio),
            None => (None, text),
        };
        let least = ratio.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        let least = least.ok_or("the floor is not between 0 and 1; give a ratio such as 0.98")?;
        if of.is_some_and(str::is_empty) {
            return Err("nothing stands before the `=`; give a strategy or a service".to_owned());
        }
        Ok(Self { of: of.map(str::to_owned), least })
    }
}

/// A floor held against an evaluation.
#[derive(Debug, Serialize)]
pub(super) struct HeldFloor {
    measure: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    least: f64,
    /// Nothing if there was nothing to measure.
    value: Option<f64>,
    pub(super) kept: bool,
}

impl fmt::Display for HeldFloor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, least, kept, .. } = self;
        write!(f, "{measure}")?;
        if let Some(of) = &self.of {
            write!(f, " of {of}")?;
        }
        match self.value {
            Some(value) => write!(f, " {value:.3}")?,
            None => write!(f, " cannot be measured: nothing to count")?,
        }
        write!(f, ", floor {least} {}", if *kept { "kept" } else { "missed" })
    }
}

/// Holds floors against an evaluation. One that nothing can be held against is
/// missed: it would be kept whatever happens.
pub(super) fn held(
    evaluation: &Evaluation,
    catalog: &Catalog,
    chain: &[String],
    precision: &[Floor],
    recall: &[Floor],
) -> Result<Vec<HeldFloor>, Failure> {
    let scale = Scale { evaluation, catalog, chain };
    let mut held = Vec::new();
    for (measure, floors) in [("precision", precision), ("recall", recall)] {
        for Floor { of, least } in floors {
            let measured = scale.measure(of.as_deref())?;
            let value = if measure == "precision" { measured.precision } else { measured.recall };
            let kept = value.is_some_and(|value| value >= *least);
            held.push(HeldFloor { measure, of: of.clone(), least: *least, value, kept });
        }
    }
    Ok(held)
}

/// What can be measured.
struct Scale<'a> {
    evaluation: &'a Evaluation,
    catalog: &'a Catalog,
    chain: &'a [String],
}

impl Scale<'_> {
    fn measure(&self, of: Option<&str>) -> Result<Measure, Failure> {
        let Some(of) = of else { return Ok(self.evaluation.measure()) };
        if let Some((strategy, service)) = of.split_once('/') {
            if self.is_strategy(strategy)
                && let Some(service) = self.service(service)
            {
                return Ok(self.evaluation.measure_of_strategy(strategy, Some(&service)));
            }
            return Err(self.unknown(of));
        }
        match (self.is_strategy(of), self.service(of)) {
            (true, None) => Ok(self.evaluation.measure_of_strategy(of, None)),
            (false, Some(service)) => Ok(self.evaluation.measure_of_service(&service)),
            (true, Some(_)) => Err(Failure::told(
                format!("`{of}` is a strategy and a service"),
                "give the strategy with each service, as in STRATEGY/SERVICE=0.98",
            )),
            (false, None) => Err(self.unknown(of)),
        }
    }

    fn is_strategy(&self, id: &str) -> bool {
        self.chain.iter().any(|strategy| strategy == id)
    }

    /// A service of the catalog, or one that a label names.
    fn service(&self, id: &str) -> Option<ServiceId> {
        let labelled = self.evaluation.expected_of.keys().find(|service| service.as_str() == id);
        labelled.or_else(|| self.catalog.service(id).map(|service| &service.id)).cloned()
    }

    fn unknown(&self, of: &str) -> Failure {
        let services = self.catalog.services().iter().map(|service| service.id.to_string());
        let known: Vec<String> = self.chain.iter().cloned().chain(services).collect();
        let advice = match nearest(of, &known) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("give one of {}, or STRATEGY/SERVICE", known.join(", ")),
        };
        Failure::told(format!("there is no strategy or service `{of}` to hold a floor against"), advice)
    }
}
