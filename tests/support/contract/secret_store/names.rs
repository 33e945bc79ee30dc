//! Names: lists, spelling, and paths that are refused.

use reconciler_core::ports::{PortErrorKind, Version};

use super::{Room, sample};

/// A list has the names directly below, sorted, folders with a slash; a name
/// that is a secret and a folder is there twice.
pub(super) async fn list(room: Room) {
    assert!(room.list("").await.is_empty(), "nothing below is empty");
    for name in ["b", "a/x", "a", "a-b", "a.b", "a0", "c/d/e/f", "c/d/g", "c/dd", "B", "10", "9"] {
        room.write(name, &sample(1), Version::NEVER).await;
    }
    assert_eq!(room.list("").await, ["10", "9", "B", "a", "a-b", "a.b", "a/", "a0", "b", "c/"]);
    assert_eq!(room.list("a").await, ["x"]);
    assert_eq!(room.list("c").await, ["d/", "dd"]);
    assert_eq!(room.list("c/d").await, ["e/", "g"]);
    assert_eq!(room.list("c/d/e").await, ["f"]);
    // No folder, a secret that is none, and the beginning of a name.
    for nothing in ["nowhere", "b", "c/d/e/f", "c/d/e/f/g", "1"] {
        assert!(room.list(nothing).await.is_empty(), "below `{nothing}`");
    }
}

/// What is softly deleted is still listed; what is purged is not.
pub(super) async fn list_deleted(room: Room) {
    for name in ["kept", "deleted", "purged", "folder/deleted", "gone/purged"] {
        room.write(name, &sample(1), Version::NEVER).await;
    }
    for name in ["deleted", "folder/deleted"] {
        room.delete(name).await;
    }
    for name in ["purged", "gone/purged"] {
        room.purge(name).await;
    }
    assert_eq!(room.list("").await, ["deleted", "folder/", "kept"]);
    assert_eq!(room.list("folder").await, ["deleted"]);
    assert!(room.list("gone").await.is_empty());
}

/// The top is listed by the empty path; others may have names there, too.
pub(super) async fn list_top(room: Room) {
    room.write("it", &sample(1), Version::NEVER).await;
    let top = room.store.list("").await.expect("the top can be listed");
    let first = room.prefix.split('/').next().unwrap_or_default();
    assert!(top.contains(&format!("{first}/")), "`{first}/` is missing");
    assert!(top.is_sorted(), "the top is not sorted");
}

/// Names keep their spelling: case counts, and dots, signs and digits are
/// nothing special.
pub(super) async fn spelling(room: Room) {
    let names = [
        "Upper",
        "upper",
        "v1.2.3",
        ".hidden",
        "_under_score",
        "-dash",
        "plus+plus",
        "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
        "1B4E28BA-2FA1-41D2-883F-0016D3CCA427",
        "1767225600",
        "data",
        "metadata",
        "Mixed.Case_1/data/metadata/v1.0",
    ];
    for (number, name) in (0..).zip(names) {
        room.write(name, &sample(number), Version::NEVER).await;
    }
    for (number, name) in (0..).zip(names) {
        room.expect_present(name, Version(1), &sample(number)).await;
    }
    let mut listed: Vec<String> = names[..names.len() - 1].iter().map(ToString::to_string).collect();
    listed.push("Mixed.Case_1/".to_owned());
    listed.sort();
    assert_eq!(room.list("").await, listed);
}

/// A path that is not one is refused by every method as our own mistake.
pub(super) async fn refused_paths(room: Room) {
    let prefix = &room.prefix;
    let refused = [
        String::new(),
        "/".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        format!("/{prefix}"),
        format!("{prefix}/"),
        format!("{prefix}//a"),
        format!("{prefix}/./a"),
        format!("{prefix}/../a"),
        format!("{prefix}/a/."),
        format!("{prefix}/a/.."),
        format!("../{prefix}"),
    ];
    for path in &refused {
        let store = &room.store;
        let mut answers = vec![
            ("read", store.read(path).await.map(drop)),
            ("write", store.write(path, &sample(1), Version::NEVER).await.map(drop)),
            ("delete", store.delete(path).await),
            ("purge", store.purge(path).await),
        ];
        if !path.is_empty() {
            answers.push(("list", store.list(path).await.map(drop)));
        }
        for (operation, answer) in answers {
            let kind = answer.err().map(|error| error.kind);
            assert_eq!(kind, Some(PortErrorKind::Local), "{operation} `{path}`");
        }
    }
    assert!(room.list("").await.is_empty(), "a refused path left something");
}
