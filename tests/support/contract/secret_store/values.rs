//! Values: what is written comes back equal.

use reconciler_core::model::JsonObject;
use reconciler_core::ports::Version;

use super::Room;

/// Every JSON type, down to what is easily changed on the way: integers that a
/// float still holds, empty things, text with signs that are escaped.
const OBJECTS: [(&str, &str); 7] = [
    ("empty", "{}"),
    ("types", r#"{"null":null,"yes":true,"no":false,"text":"text","none":"","list":[],"object":{}}"#),
    (
        "numbers",
        r#"{"zero":0,"minus":-7,"half":1.5,"long":1767225600,"largest":9007199254740992,"smallest":-9007199254740992}"#,
    ),
    ("nested", r#"{"a":{"b":{"c":[{"d":[1,[2,[3,{"e":null}]]]},"f"]}},"list":[1,"1",true,null,{},[]]}"#),
    (
        "unicode",
        r#"{"latin":"Größe","japanese":"日本語","emoji":"🦀🚀","escaped":"\u00e9\ud83e\udd80","right-to-left":"שלום","Schlüssel 鍵":1}"#,
    ),
    (
        "signs",
        r#"{"html":"<a href=\"x\">&amp;</a>","lines":"a\nb\r\n\tc","slashes":"a/b\\c","quotes":"'\"`","line separator":"\u2028","control":"\u0001\u001f","key with / \" and %2F":"%2F"}"#,
    ),
    (
        "like-other-types",
        r#"{"number":"1","decimal":"1.10","long":"12345678901234567890","yes":"true","null":"null","json":"{\"a\":1}"}"#,
    ),
];

/// Values of every type come back equal.
pub(super) async fn json_types(room: Room) {
    for (name, text) in OBJECTS {
        let data = JsonObject::parse(text).expect("the sample is an object");
        let version = room.write(name, &data, Version::NEVER).await;
        room.expect_present(name, version, &data).await;
    }
}

/// 900 KiB in one text come back equal, and so do many fields.
pub(super) async fn large_value(room: Room) {
    let mut data = JsonObject::new();
    data.set_value("text", &"0123456789abcdef".repeat(900 * 1024 / 16));
    let version = room.write("text", &data, Version::NEVER).await;
    let version = room.write("text", &data, version).await;
    // Not compared in the message: it would be 1.8 MB long.
    assert!(room.read("text").await.data() == Some(&data), "900 KiB came back changed");

    data.set_value("text", "small again");
    let version = room.write("text", &data, version).await;
    room.expect_present("text", version, &data).await;

    let mut fields = JsonObject::new();
    for number in 0..400 {
        fields.set_value(format!("field-{number:03}"), &format!("value {number}"));
    }
    let version = room.write("fields", &fields, Version::NEVER).await;
    room.expect_present("fields", version, &fields).await;
}
