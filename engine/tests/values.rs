//! Values of programs and JSON, each as the other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod common;

use common::World;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::process::{Reason, Then};

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no other", |number| number.is_finite()).prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let fields = prop::collection::btree_map("[a-z ü]{0,6}", inner.clone(), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Value::from),
            fields.prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_a_program_gives_back_is_what_it_was_given(value in values()) {
        let mut world = World::new();
        let (_, stepped) = world.begins("fn main(args) { args[0] }", vec![value.clone()]);
        prop_assert_eq!(stepped.then, Then::Return(value));
    }
}

#[test]
fn numbers_are_whole_or_not() {
    let mut world = World::new();
    assert_eq!(world.value("[1, 1.0, 7 / 2, 7.0 / 2.0, 10 % 4, 2 ** 10]"), json!([1, 1.0, 3, 3.5, 2, 1024]));
    assert_eq!(
        world.value("type_of(1) + type_of(1.5) + type_of(\"\") + type_of(self())"),
        json!("intfloattextaddress")
    );
    let (_, stepped) = world.begins("fn main(args) { type_of(args[0]) }", vec![json!(u64::MAX)]);
    assert_eq!(stepped.then, Then::Return(json!("float")));
    let words = |body: &str, words: &str| {
        assert_eq!(World::new().end(body), Reason::Error(words.to_owned()), "{body}");
    };
    // Of operators between numbers Rhai keeps no line.
    words("9223372036854775807 + 1", "Addition overflow: 9223372036854775807 + 1");
    words("1 / 0", "Division by zero: 1 / 0");
    words("send(\"x\", 0.0 / 0.0)", "A number that is infinite, or none, cannot be sent. (line 2)");
}

#[test]
fn an_address_is_its_text_to_others_and_an_address_to_its_holder() {
    let mut world = World::new();
    assert_eq!(
        world.value("[self(), #{ a: self() }]"),
        json!(["haaa.1@@tab-1@den.local", { "a": "haaa.1@@tab-1@den.local" }])
    );
    assert_eq!(world.value("[self().node, self().process]"), json!(["tab-1@den.local", "haaa.2"]));
    assert_eq!(world.value("`I am ${self()}`"), json!("I am haaa.3@@tab-1@den.local"));
    let body = r#"let a = address("pong", "tab-2");
        [a == address("pong@@tab-2@den.local"), a == "pong@@tab-2@den.local", "x" != a, a != self(), a == 5]"#;
    assert_eq!(world.value(body), json!([true, true, true, true, false]));
}
