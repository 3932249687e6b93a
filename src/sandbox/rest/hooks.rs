//! The App's webhook: its deliveries, asked for again where they failed, and its configuration.
//! <https://docs.github.com/en/rest/apps/webhooks>

use serde_json::json;

use crate::sandbox::auth::Caller;
use crate::sandbox::http::{Access, Answer, Call, Reply, Route};
use crate::sandbox::model::{Delivery, Id};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shape::{delivery_item, delivery_whole};
use crate::sandbox::state::State;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/app/hook/deliveries", list).access(Access::App),
        Route::get("/app/hook/deliveries/{delivery_id}", get).access(Access::App),
        Route::post("/app/hook/deliveries/{delivery_id}/attempts", again).access(Access::App),
        Route::get("/app/hook/config", config).access(Access::App),
        Route::patch("/app/hook/config", configure).access(Access::App),
    ]
}

fn app(call: &Call) -> Result<Id, Refusal> {
    match call.caller {
        Caller::App(app) => Ok(app),
        _ => Err(Refusal::not_found()),
    }
}

/// A page ends with a cursor that names its last delivery: what comes later does not shift it.
fn list(state: &mut State, call: &Call) -> Reply {
    let before = match call.query("cursor") {
        None => Id::MAX,
        Some(cursor) => cursor
            .strip_prefix("v1_")
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| Refusal::unprocessable("Invalid cursor"))?,
    };
    let wanted = |delivery: &&Delivery| {
        let well = (200..400).contains(&delivery.status_code);
        delivery.id < before
            && match call.query("status") {
                Some("success") => well,
                Some("failure") => !well,
                _ => true,
            }
    };
    let size = call.query("per_page").and_then(|size| size.parse().ok());
    let size: usize = size.filter(|size| *size > 0).unwrap_or(30).min(100);
    let found: Vec<&Delivery> =
        state.deliveries_of(app(call)?).into_iter().filter(wanted).collect();
    let shown = &found[..size.min(found.len())];
    let answer = Answer::ok(shown.iter().map(|delivery| delivery_item(delivery)).collect());
    Ok(match shown.last() {
        Some(last) if found.len() > size => {
            let mut others: String = call
                .query
                .iter()
                .filter(|(key, _)| key == "per_page" || key == "status")
                .map(|(key, value)| format!("{key}={value}&"))
                .collect();
            others.push_str(&format!("cursor=v1_{}", last.id));
            let link = format!("<{}{}?{others}>; rel=\"next\"", call.api, call.path);
            answer.header("link", link)
        }
        _ => answer,
    })
}

fn get(state: &mut State, call: &Call) -> Reply {
    let delivery = state.delivery(app(call)?, call.number("delivery_id")?)?;
    Ok(Answer::ok(delivery_whole(delivery)))
}

fn again(state: &mut State, call: &Call) -> Reply {
    state.redeliver(app(call)?, call.number("delivery_id")?)?;
    Ok(Answer::json(202, json!({})))
}

fn config(state: &mut State, call: &Call) -> Reply {
    app(call)?;
    Ok(Answer::ok(json!({
        "content_type": "json",
        "insecure_ssl": "0",
        "secret": "********",
        "url": state.around.hook_url,
    })))
}

fn configure(state: &mut State, call: &Call) -> Reply {
    let app = app(call)?;
    if let Some(kind) = call.text("content_type")?
        && kind != "json"
    {
        return Err(Refusal::unprocessable(
            "The box sends webhooks as JSON only: content_type must be \"json\".",
        ));
    }
    if let Some(url) = call.text("url")? {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(Refusal::invalid("Hook", "url", "invalid"));
        }
        url.clone_into(&mut state.around.hook_url);
    }
    if let Some(secret) = call.text("secret")? {
        let app = state.apps.get_mut(&app).ok_or_else(Refusal::not_found)?;
        secret.clone_into(&mut app.webhook_secret);
    }
    config(state, call)
}
