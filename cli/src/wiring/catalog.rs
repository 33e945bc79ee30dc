//! Where the catalog comes from. There is no built-in one.

use std::sync::Arc;

use reconciler_core::adapters::broker::{BrokerCatalog, BrokerSettings};
use reconciler_core::adapters::catalog;
use reconciler_core::adapters::http::{ClientSettings, PemSource, RequestObserver, Secret, Url};
use reconciler_core::config::{Origin, Settings, keys};
use reconciler_core::manager::CancellationToken;
use reconciler_core::model::Catalog;
use reconciler_core::ports::CatalogSource as _;

use super::director::{DirectorSource, number, variable};
use super::secrets;
use crate::failure::Failure;

/// Where the catalog comes from.
#[derive(Debug)]
pub(crate) enum CatalogSource {
    /// A folder of services, or a saved answer.
    File(std::path::PathBuf),
    /// The fleet's own folder.
    Fleet,
    /// The broker itself.
    Broker {
        broker: Box<BrokerCatalog>,
        /// Whether any certificate of it is accepted.
        insecure: bool,
    },
}

impl CatalogSource {
    /// Finds what the settings name, else the fleet's own, else the broker that
    /// Blacksmith's own variables name.
    pub(crate) fn open(settings: &Settings, stop: &CancellationToken) -> Result<Self, Failure> {
        let path = settings.path(keys::CATALOG_PATH);
        let url = settings.text(keys::CATALOG_URL);
        match (path, url) {
            (Some(_), Some(_)) => Err(refuse_both(settings)),
            (Some(path), None) => Ok(Self::File(path.to_owned())),
            (None, Some(url)) => Self::broker(settings, url, stop),
            (None, None) if settings.path(keys::FLEET).is_some() => Ok(Self::Fleet),
            (None, None) => match variable("BLACKSMITH_URL") {
                Some(url) => Self::broker(settings, &url, stop),
                None => Err(Failure::told(
                    "no catalog is given",
                    "name the broker with --catalog-url, BLACKSMITH_URL or `catalog.url` in the \
                     configuration, or give a saved answer to GET /v2/catalog with --catalog",
                )),
            },
        }
    }

    /// The same, and somebody is told of every request.
    pub(super) fn observed(self, observer: Option<&Arc<dyn RequestObserver>>) -> Self {
        match (self, observer) {
            (Self::Broker { broker, insecure }, Some(observer)) => {
                Self::Broker { broker: Box::new(broker.with_observer(observer)), insecure }
            }
            (source, _) => source,
        }
    }

    fn broker(settings: &Settings, url: &str, stop: &CancellationToken) -> Result<Self, Failure> {
        let url = Url::parse(url).map_err(|error| {
            // What is no URL may hold a password all the same.
            Failure::told(
                format!("the broker's address is wrong: {error}"),
                "write it as `https://host:port`, without user, password and `/v2/catalog`",
            )
        })?;
        let missing = |what: &str, variable: &str, key: &str| {
            Failure::told(
                format!("the broker's {what} is not given"),
                format!("set {variable}, or `{key}` in the configuration"),
            )
        };
        let username = settings
            .text(keys::CATALOG_USERNAME)
            .map(str::to_owned)
            .or_else(|| variable("BLACKSMITH_USERNAME"))
            .ok_or_else(|| missing("user", "BLACKSMITH_USERNAME", "catalog.username"))?;
        let password = secrets::secret(settings, keys::CATALOG_PASSWORD, keys::CATALOG_PASSWORD_FILE)?
            .or_else(|| variable("BLACKSMITH_PASSWORD"))
            .ok_or_else(|| missing("password", "BLACKSMITH_PASSWORD", "catalog.password"))?;
        let insecure = settings.boolean(keys::CATALOG_SKIP_SSL_VALIDATION);
        let mut broker = BrokerSettings::new(url, username, Secret::new(password));
        broker.client = ClientSettings {
            ca: settings
                .text(keys::CATALOG_CA_CERT)
                .map(|ca| PemSource::parse(ca, variable("HOME").as_deref())),
            insecure,
            ..ClientSettings::default()
        };
        broker.retry.tries = number(settings.integer(keys::CATALOG_TRIES));
        let named_by =
            settings.text(keys::CATALOG_URL).map_or("BLACKSMITH_URL", |_| keys::CATALOG_URL.path());
        let broker = BrokerCatalog::new(&broker).map_err(|error| Failure::of_server(error, named_by))?;
        let broker = Box::new(broker.with_stop(stop));
        Ok(Self::Broker { broker, insecure })
    }

    /// Reads the catalog.
    pub(crate) async fn read(&self, source: &DirectorSource) -> Result<Catalog, Failure> {
        match self {
            Self::File(path) => Ok(catalog::read(path)?),
            Self::Broker { broker, .. } => Ok(broker.catalog().await?),
            Self::Fleet => {
                let own = source.fleet().map(|fleet| fleet.catalog()).transpose()?.flatten();
                own.ok_or_else(|| {
                    let from = source.director().address();
                    Failure::told(
                        format!("no catalog is given, and {from} has none"),
                        "give one with --catalog: a folder of services, or a saved answer to GET /v2/catalog",
                    )
                })
            }
        }
    }

    /// Where it comes from, for people.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Fleet => "the fleet's own".to_owned(),
            Self::Broker { broker, .. } => broker.address(),
        }
    }

    /// What must be said in every run, if anything must.
    pub(crate) fn warning(&self) -> Option<String> {
        let insecure = matches!(self, Self::Broker { insecure: true, .. });
        insecure.then(|| {
            format!(
                "{} is not recognised by its certificate (`catalog.skip_ssl_validation`): whoever stands \
                 between can read the broker's password",
                self.address()
            )
        })
    }
}

fn refuse_both(settings: &Settings) -> Failure {
    let shown = |origin: Option<&Origin>| origin.map(ToString::to_string).unwrap_or_default();
    let (path, url) = (shown(settings.origin(keys::CATALOG_PATH)), shown(settings.origin(keys::CATALOG_URL)));
    Failure::told(
        format!("both a file ({path}) and a broker ({url}) are named for the catalog"),
        "name one of the two",
    )
}
