//! What is scanned: a fleet's folder, or a Director.

use std::path::Path;
use std::sync::Arc;

use reconciler_core::adapters::bosh::{BoshDirector, BoshSettings, Examination};
use reconciler_core::adapters::fleet::FleetFolder;
use reconciler_core::adapters::http::{LimitSettings, RequestObserver, RetrySettings, Timeouts};
use reconciler_core::config::{Origin, Settings, keys};
use reconciler_core::manager::CancellationToken;
use reconciler_core::manifest::Deployment;
use reconciler_core::ports::{Director, SystemClock};

use super::secrets;
use crate::failure::Failure;

/// What is scanned.
#[derive(Debug, Clone)]
pub(crate) enum DirectorSource {
    /// A folder that holds a Director's answers.
    Fleet(Arc<FleetFolder>),
    /// A Director.
    Live {
        director: Arc<BoshDirector>,
        /// Whether any certificate of it is accepted.
        insecure: bool,
    },
}

impl DirectorSource {
    /// Opens what the settings name. The environment of the bosh CLI comes last,
    /// so that a fleet can be looked at in a shell that is set up for a
    /// Director.
    pub(crate) fn open(settings: &Settings, stop: &CancellationToken) -> Result<Self, Failure> {
        Self::open_observed(settings, stop, None)
    }

    /// The same, and somebody is told of every request.
    pub(super) fn open_observed(
        settings: &Settings,
        stop: &CancellationToken,
        observer: Option<&Arc<dyn RequestObserver>>,
    ) -> Result<Self, Failure> {
        if let Some(folder) = settings.path(keys::FLEET) {
            refuse_both(settings)?;
            return Ok(Self::Fleet(Arc::new(FleetFolder::open(folder)?)));
        }
        if settings.text(keys::DIRECTOR_ENVIRONMENT).is_none() && variable("BOSH_ENVIRONMENT").is_none() {
            return Err(Failure::told(
                "nothing says what to look at",
                "give a fleet's folder with --fleet DIR, or as `fleet` in the configuration, or name a \
                 Director with --environment, BOSH_ENVIRONMENT or `director.environment`",
            ));
        }
        let director = BoshDirector::new(bosh_settings(settings)?);
        let mut director =
            director.map_err(|error| Failure::of_server(error, named_by(settings)))?.with_stop(stop);
        if let Some(observer) = observer {
            director = director.with_observer(observer);
        }
        let insecure = settings.boolean(keys::DIRECTOR_SKIP_SSL_VALIDATION);
        Ok(Self::Live { director: Arc::new(director), insecure })
    }

    /// What is scanned, as a Director.
    pub(crate) fn director(&self) -> &dyn Director {
        match self {
            Self::Fleet(fleet) => fleet.as_ref(),
            Self::Live { director, .. } => director.as_ref(),
        }
    }

    /// The folder, if it is one.
    pub(crate) fn fleet(&self) -> Option<&FleetFolder> {
        match self {
            Self::Fleet(fleet) => Some(fleet),
            Self::Live { .. } => None,
        }
    }

    /// All deployments of a fleet's folder with their manifests; none of a live
    /// Director.
    pub(crate) fn fleet_deployments(&self) -> Vec<Deployment> {
        let fleet = self.fleet().into_iter();
        fleet.flat_map(|fleet| fleet.summaries().iter().map(|one| fleet.deployment(one))).collect()
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    /// Looks at the Director and at what the credentials are good for; nothing
    /// for a folder.
    pub(crate) async fn examine(&self) -> Result<Option<Examination>, Failure> {
        match self {
            Self::Fleet(_) => Ok(None),
            Self::Live { director, .. } => Ok(Some(director.examine(&SystemClock).await?)),
        }
    }

    /// What must be said in every run, if anything must.
    pub(crate) fn warning(&self) -> Option<String> {
        let insecure = matches!(self, Self::Live { insecure: true, .. });
        insecure.then(|| {
            format!(
                "{} is not recognised by its certificate (`director.skip_ssl_validation`): whoever \
                 stands between can read the credentials",
                self.director().address()
            )
        })
    }
}

fn refuse_both(settings: &Settings) -> Result<(), Failure> {
    let Some(director) = settings.origin(keys::DIRECTOR_ENVIRONMENT) else { return Ok(()) };
    let fleet = settings.origin(keys::FLEET).map(Origin::to_string).unwrap_or_default();
    Err(Failure::told(
        format!("both a fleet ({fleet}) and a Director ({director}) are named"),
        "name one of the two",
    ))
}

/// What names the Director.
fn named_by(settings: &Settings) -> &'static str {
    let key = keys::DIRECTOR_ENVIRONMENT;
    if settings.text(key).is_some() { key.path() } else { "BOSH_ENVIRONMENT" }
}

/// The settings of the Director. What a key does not say, the variable of the
/// bosh CLI may.
fn bosh_settings(settings: &Settings) -> Result<BoshSettings, Failure> {
    let secret = secrets::secret(settings, keys::DIRECTOR_CLIENT_SECRET, keys::DIRECTOR_CLIENT_SECRET_FILE)?;
    let proxy = secrets::secret(settings, keys::DIRECTOR_ALL_PROXY, keys::DIRECTOR_ALL_PROXY_FILE)?;
    let lookup = |name: &str| {
        let own = match name {
            "BOSH_ENVIRONMENT" => settings.text(keys::DIRECTOR_ENVIRONMENT),
            "BOSH_CLIENT" => settings.text(keys::DIRECTOR_CLIENT),
            "BOSH_CLIENT_SECRET" => secret.as_deref(),
            "BOSH_CA_CERT" => settings.text(keys::DIRECTOR_CA_CERT),
            "BOSH_ALL_PROXY" => proxy.as_deref(),
            _ => None,
        };
        own.map(str::to_owned).or_else(|| variable(name))
    };
    let mut bosh = BoshSettings::from_environment(lookup, |path: &Path| std::fs::read_to_string(path))
        .map_err(|error| Failure::of_server(error, named_by(settings)))?;
    bosh.skip_ssl_validation = settings.boolean(keys::DIRECTOR_SKIP_SSL_VALIDATION);
    bosh.limits = LimitSettings::new(
        number(settings.integer(keys::DIRECTOR_MAX_IN_FLIGHT)),
        u32::try_from(settings.integer(keys::DIRECTOR_REQUESTS_PER_SECOND)).ok().filter(|limit| *limit > 0),
    );
    bosh.retry = RetrySettings {
        tries: number(settings.integer(keys::DIRECTOR_TRIES)),
        first_delay: settings.duration(keys::DIRECTOR_RETRY_DELAY),
        ..RetrySettings::default()
    };
    bosh.timeouts = Timeouts {
        connect: settings.duration(keys::DIRECTOR_CONNECT_TIMEOUT),
        read: settings.duration(keys::DIRECTOR_READ_TIMEOUT),
        whole: settings.duration(keys::DIRECTOR_REQUEST_TIMEOUT),
    };
    Ok(bosh)
}

pub(super) fn number(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// A variable of the environment; an empty one counts as not set.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}
