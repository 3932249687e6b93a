//! What `kubectl kustomize` v5.5.0 selected is what is asked for here.

use super::*;
use crate::kustomize::fields::tests::value_of;

fn objects() -> Vec<Object> {
    [
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web,
          labels: {app: web, tier: '1', empty: ''}, annotations: {a: x}}}",
        "{apiVersion: v1, kind: Service, metadata: {name: web-svc, namespace: shop, labels: {app: svc}}}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}",
    ]
    .map(|text| Object::new(value_of(text)))
    .into()
}

/// The first letters of the kinds that are selected; none if there is a problem.
fn selected(field: &str, text: &str) -> Option<String> {
    let mut value = Value::map();
    value.make_map().insert(field, Value::string(text));
    let selector = Selector::read(&value, Reading::Strict).expect("a selector");
    let matcher = selector.compile().ok()?;
    let mut kinds = String::new();
    for object in &objects() {
        if matcher.matches(object).ok()? {
            kinds.push_str(object.kind().get(..1).unwrap_or_default());
        }
    }
    Some(kinds)
}

#[test]
fn identities_are_patterns_for_the_whole_of_them() {
    for (field, text, kinds) in [
        ("name", "web", "D"),
        ("name", "web.*", "DS"),
        ("kind", "Dep", ""),
        ("kind", ".*", "DSN"),
        ("version", "v1", "DSN"),
        ("group", "apps", "D"),
        ("group", ".*", "DSN"),
        ("group", "", "DSN"),
        ("namespace", "default", "D"),
        ("namespace", "shop", "S"),
        ("namespace", "_non.*", "N"),
        ("name", "we{b", ""),
        ("name", "{web}", ""),
        ("name", "we{,2}b", ""),
        ("name", "w\\Qeb\\E", "D"),
        ("name", "a)|(web-svc", "S"),
        ("name", "[a&&w]eb", "D"),
        ("name", "(?i)WEB", "D"),
        ("name", "web|shop", "DN"),
        ("name", "we[[:alpha:]]", "D"),
        ("name", "we[[b]", "D"),
        ("name", "[]w]e[^]a]", "D"),
        ("name", "w\\pLb", "D"),
        ("name", "web\\_?", "D"),
        ("name", "w\\w[\\w-]+", "DS"),
        ("name", "(?P<x>web)", "D"),
        ("name", "(?<x>web)", "D"),
        ("name", "we]?b", "D"),
        ("name", "\\x{77}eb", "D"),
        ("name", "we+?b{1,2}?", "D"),
    ] {
        assert_eq!(selected(field, text).as_deref(), Some(kinds), "{text}");
    }
    for text in [
        "*",
        "a**",
        "web+?+",
        "we(?=b)",
        "(?x)w e b",
        "we{1,2000}b",
        "\\u0077eb",
        "(w)\\1",
        "(",
        "[a",
        "a\\",
        "(?u:a)",
        "b{2}{3}",
    ] {
        assert_eq!(selected("name", text), None, "{text}");
    }
}

#[test]
fn labels_are_selected_in_the_language_of_kubernetes() {
    let longest = format!("app={}", "a".repeat(63));
    for (text, kinds) in [
        ("", "DSN"),
        ("app=web", "D"),
        ("app==web", "D"),
        ("app!=web", "SN"),
        ("app", "DS"),
        ("!app", "N"),
        ("! app", "N"),
        ("app in (web,svc)", "DS"),
        ("app notin (web)", "SN"),
        ("app in ()", ""),
        ("empty in ()", "D"),
        ("empty=", "D"),
        ("empty in (,x)", "D"),
        ("app in (web,,svc)", "DS"),
        ("app in (,)", ""),
        ("app in (,,web)", "D"),
        ("tier>0", "D"),
        ("tier > 1", ""),
        ("tier<5", "D"),
        ("app>1", ""),
        ("app=web,tier", "D"),
        (" app =\nweb ", "D"),
        ("in", ""),
        ("in in (in)", ""),
        ("app=in", ""),
        ("notin=x", ""),
        ("a.b/c!=1", "DSN"),
        (&longest, ""),
    ] {
        assert_eq!(selected("labelSelector", text).as_deref(), Some(kinds), "{text}");
    }
    assert_eq!(selected("annotationSelector", "a=x").as_deref(), Some("D"));
}

#[test]
fn what_is_no_selector_is_refused() {
    let too_long = format!("{longest}a", longest = "a".repeat(63));
    for text in [
        "app=web,",
        "app=web, ",
        ",app",
        "app in",
        "app in (web",
        "app web",
        "app=(web)",
        "app=a b",
        "!app=web",
        "app in (a b)",
        "app=-x",
        "app=x-",
        "-x",
        "a/b/c",
        "/a",
        "A/b",
        "app===web",
        "app=!web",
        "tier>x",
        "tier=>1",
        ".*",
        "((",
        &too_long,
    ] {
        assert_eq!(selected("labelSelector", text), None, "{text}");
    }
    let selector =
        Selector { kind: "None".into(), label_selector: "((".into(), ..Selector::default() };
    let matcher = selector.compile().expect("patterns");
    assert_eq!(matcher.matches(&objects().remove(0)), Ok(false), "nothing to look at");
    Selector::read(&value_of("{apiVersion: v1}"), Reading::Strict).expect_err("no such field");
}

#[test]
fn an_object_is_also_found_by_what_it_was_called_at_first() {
    let mut object = objects().remove(0);
    for name in ["b", "c"] {
        object.remember_id();
        object.set_name(name);
        object.set_namespace(name);
    }
    for (name, namespace, found) in [
        ("web", "", true),
        ("c", "", true),
        ("b", "", false),
        ("web", "c", true),
        ("web", "default", true),
        ("web", "b", false),
    ] {
        let selector =
            Selector { name: name.into(), namespace: namespace.into(), ..Selector::default() };
        let matcher = selector.compile().expect("patterns");
        assert_eq!(matcher.matches(&object), Ok(found), "{name} in {namespace}");
    }
}
