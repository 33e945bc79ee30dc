//! Beside Blacksmith's own reconciler, which removes what is called missing.

use reconciler_core::synchronizer::Waiting;

use super::{World, codes, id, message, object};

async fn due() -> World {
    let world = World::of(5).await;
    world.absent_for_an_hour([0]).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_another_reconciler_nothing_turns_missing_unless_that_is_wished() {
    let signed = |at: &'static str| {
        move |entry: &mut reconciler_core::model::JsonObject| {
            entry.set_value("reconciled_by", "deployment_reconciler");
            entry.set_value("reconciled_at", at);
        }
    };
    for (sign, seen) in [
        ("archives", true),
        ("2027-01-15T08:40:00Z", true),
        ("2027-01-13T10:00:00Z", true),
        ("2027-01-13T08:00:00Z", false),
        ("2027-03-01T00:00:00Z", false),
    ] {
        let world = due().await;
        if sign == "archives" {
            world.put(&format!("backups/{}/abc", id(3)), &object(r#"{"archive":"x"}"#)).await;
        } else {
            // Where it stands: on the entry that is absent itself, so that our
            // own run does not sign it anew.
            world.change_entry(0, signed(sign)).await;
        }
        let report = world.run().await;
        assert_eq!(codes(&report).contains("reconciler.beside"), seen, "{sign}");
        assert_eq!(world.says(0).await, if seen { "-" } else { "missing" }, "{sign}");
        if seen {
            assert_eq!(report.absent[0].waiting, Some(Waiting::AnotherReconciler));
            let told = message(&report, "reconciler.beside");
            assert!(told.contains("`reconciler-backups`") && told.contains("coexist: true"), "{told}");
            let report = world.run_with(|run| run.options.coexist = true).await;
            assert_eq!(world.says(0).await, "missing", "{sign}");
            assert_eq!(report.counts.marked, 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_signature_alone_keeps_our_archives_apart() {
    let world = World::of(3).await;
    world.run().await;
    world
        .change_entry(1, |entry| {
            entry.set_value("reconciled_by", "deployment_reconciler");
            entry.set_value("reconciled_at", "2027-01-15T08:00:00Z");
            entry.remove("reconciler_fingerprint");
        })
        .await;
    world.put(&id(1), &object(r#"{"note":"x","plan_name":"as it was"}"#)).await;
    let report = world.run().await;
    assert_eq!(report.counts.backups, 1, "{report:?}");
    assert!(codes(&report).contains("reconciler.beside"));
    assert_eq!(world.store.beneath().list(&format!("{}/reconciler-backups", id(1))).await.unwrap().len(), 1);
}
