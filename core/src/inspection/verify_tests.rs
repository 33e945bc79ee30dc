//! What contradicts an entry, and what does not.

use super::*;
use crate::model::{Plan, PlanId, Service, ServiceId};
use crate::ports::Version;

fn catalog() -> Catalog {
    let service = ServiceId::new("redis").unwrap();
    let plan = Plan {
        id: PlanId::new("redis-small").unwrap(),
        name: "small".into(),
        service: service.clone(),
        topology: None,
    };
    Catalog::new(vec![Service { id: service, name: "redis".into(), plans: vec![plan] }]).unwrap()
}

fn slot(text: &str) -> Slot {
    Slot::Present { version: Version(1), data: JsonObject::parse(text).unwrap() }
}

/// The codes of what is found about an entry.
fn codes(
    entry: &str,
    record: Option<&Slot>,
    request: Option<&Slot>,
    deployments: Option<&[&str]>,
) -> Vec<&'static str> {
    let index = Index::parse(&format!(r#"{{"tesla":{entry}}}"#)).unwrap();
    let deployments = deployments.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let witnesses = Witnesses {
        record,
        request,
        catalog: &catalog(),
        deployments: deployments.as_ref(),
        now: "2027-01-15T08:00:00Z".parse().unwrap(),
    };
    let findings = verify_entry(&index.entries()[0], &witnesses);
    assert!(
        findings.iter().all(|finding| finding.message.contains(';')),
        "each says what to do: {findings:?}"
    );
    findings.into_iter().map(|finding| finding.code).collect()
}

const SOUND: &str = r#"{"service_id":"redis","plan_id":"redis-small","deployment_name":"redis-small-tesla"}"#;
const THERE: &[&str] = &["redis-small-tesla"];

#[test]
fn a_sound_entry_has_no_finding_also_if_something_could_not_be_read() {
    let (record, request) = (slot(SOUND), slot(SOUND));
    assert_eq!(codes(SOUND, Some(&record), Some(&request), Some(THERE)), [] as [&str; 0]);
    assert_eq!(codes(SOUND, None, None, None), [] as [&str; 0]);
    let broker = r#"{"service_id":"redis","plan_id":"redis-small","status":"provisioning_started"}"#;
    assert_eq!(codes(broker, Some(&record), Some(&request), Some(THERE)), [] as [&str; 0]);
}

#[test]
fn each_contradiction_is_found() {
    let same = slot(SOUND);
    let other = slot(r#"{"service_id":"redis","plan_id":"redis-large"}"#);
    let vacant = Slot::Vacant { version: Version::NEVER };
    let strange = slot(&SOUND.replace('}', r#","instance_id":"edison"}"#));
    let entry = |more: &str| SOUND.replace('}', &format!(",{more}}}"));
    for (entry, record, request, deployments, found) in [
        (SOUND.to_owned(), &vacant, &same, THERE, "record.absent"),
        (SOUND.to_owned(), &other, &same, THERE, "record.differs"),
        (SOUND.to_owned(), &strange, &same, THERE, "record.states-another"),
        (SOUND.to_owned(), &same, &other, THERE, "request.differs"),
        (SOUND.to_owned(), &same, &same, &[][..], "entry.absent"),
        (SOUND.replace("redis-small-tesla", "cache"), &same, &same, THERE, "entry.other-deployment"),
        (r#"{"service_id":"redis"}"#.to_owned(), &same, &same, THERE, "entry.no-plan"),
        (SOUND.replace("\"redis\"", "\"rabbitmq\""), &vacant, &vacant, THERE, "entry.other-service"),
        (entry(r#""orphaned":true"#), &same, &same, THERE, "entry.called-gone"),
        (entry(r#""status":"deleted""#), &same, &same, THERE, "entry.called-gone"),
        (entry(r#""reconciler_hold":{}"#), &same, &same, THERE, "instance.held"),
    ] {
        let codes = codes(&entry, Some(record), Some(request), Some(deployments));
        assert!(codes.contains(&found), "{entry}: {codes:?} lacks {found}");
    }
    let retired = r#"{"service_id":"redis","plan_id":"redis-old"}"#;
    assert_eq!(codes(retired, None, None, None), ["plan.retired"]);
}

#[test]
fn an_instance_that_the_broker_is_making_need_not_have_a_deployment() {
    let entry = r#"{"service_id":"redis","plan_id":"redis-small","status":"request_received","requested_at":"2027-01-15T07:59:00Z"}"#;
    assert_eq!(codes(entry, None, None, Some(&[])), [] as [&str; 0]);
}
