//! Who asks: API users, their tokens, and the Heidi accounts they are linked to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{EHR_PROVIDER, api_key, checked, fault, flaw, invalid, known_query, stamp};
use crate::sandbox::machine::{Context, Request, Response};
use crate::sandbox::store::Store;
use crate::sandbox::wire::{self, Kind, required};
use crate::sandbox::world::World;

/// Token → `{user, expires}`.
pub(super) const TOKENS: &str = "heidi/tokens";
/// User → the account it is linked to.
pub(super) const LINKS: &str = "heidi/links";
const TOKEN_SECONDS: i64 = 3600;

/// A Heidi account's id; every provider of the world has one.
pub(super) fn kinde_id(world: &World, provider: &str) -> String {
    format!("kp_{}", &wire::hex(&wire::derived(world, &format!("heidi account {provider}")))[..32])
}

fn user_key(email: &str, internal_id: &str) -> String {
    json!([email.to_lowercase(), internal_id]).to_string()
}

pub(super) fn found(store: &mut Store, ctx: &Context<'_>) {
    let Some(first) = store.world.providers.first() else { return };
    let (user, account) = (user_key(&first.email, &first.id), kinde_id(&store.world, &first.id));
    let record = account_record(store, &user, &account, ctx);
    store.put(LINKS, &user, record);
}

fn account_record(store: &Store, user: &str, account: &str, ctx: &Context<'_>) -> Value {
    let named: Value = serde_json::from_str(user).unwrap_or_default();
    let now = stamp(ctx.now.as_millisecond());
    json!({
        "_id": &wire::hex(&wire::derived(&store.world, &format!("heidi link {user} {account}")))[..24],
        "user_id": account,
        "ehr_provider": EHR_PROVIDER,
        "ehr_email": named[0],
        "ehr_user_id": named[1],
        "deleted_at": null,
        "created_at": now,
        "updated_at": now,
    })
}

pub(super) fn jwt(store: &mut Store, request: &Request, ctx: &Context<'_>) -> Result<Response, Response> {
    if request.header("heidi-api-key") != Some(api_key(&store.world).as_str()) {
        return Err(fault(401, "InvalidAPIKeyError", "The API key is missing or wrong."));
    }
    known_query(request, &["email", "third_party_internal_id"])?;
    let email = wire::query(request, "email").unwrap_or_default();
    let internal_id = wire::query(request, "third_party_internal_id").unwrap_or_default();
    let mut flaws = Vec::new();
    if email.is_empty() {
        flaws.push(flaw("query", "email", "missing", "Field required"));
    } else if email.split('@').filter(|part| !part.is_empty()).count() != 2 {
        flaws.push(flaw("query", "email", "value_error", "Input should be an e-mail address"));
    }
    if internal_id.is_empty() {
        flaws.push(flaw("query", "third_party_internal_id", "missing", "Field required"));
    }
    if !flaws.is_empty() {
        return Err(invalid(&flaws));
    }
    let expires = ctx.now.as_second() + TOKEN_SECONDS;
    let user = user_key(email, internal_id);
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let subject = &wire::hex(&wire::derived(&store.world, &user))[..24];
    let token = format!(
        "{}.{}.{}",
        part(json!({"alg": "HS256", "typ": "JWT"})),
        part(json!({"sub": subject, "exp": expires})),
        wire::token(ctx.random)
    );
    let now = ctx.now.as_second();
    let stale: Vec<String> = store
        .list(TOKENS)
        .filter(|(_, record)| record["expires"].as_i64().is_none_or(|at| at <= now))
        .map(|(token, _)| token.to_owned())
        .collect();
    for token in stale {
        store.remove(TOKENS, &token);
    }
    store.put(TOKENS, &token, json!({"user": user, "expires": expires}));
    Ok(Response::json(200, &json!({"token": token, "expiration_time": wire::iso_millis(wire::moment(expires * 1000))})))
}

/// The user whose token the request carries.
pub(super) fn user(store: &Store, request: &Request, ctx: &Context<'_>) -> Result<String, Response> {
    wire::bearer(request)
        .and_then(|token| store.get(TOKENS, token))
        .filter(|record| record["expires"].as_i64().is_some_and(|at| at > ctx.now.as_second()))
        .and_then(|record| record["user"].as_str().map(str::to_owned))
        .ok_or_else(|| fault(401, "InvalidTokenError", "The token is missing, wrong or expired."))
}

/// The account that a user is linked to.
pub(super) fn account_of(store: &Store, user: &str) -> Option<String> {
    store.get(LINKS, user)?["user_id"].as_str().map(str::to_owned)
}

pub(super) fn access(store: &Store, user: &str) -> Response {
    let account = store.get(LINKS, user).map(|record| {
        json!({
            "user_id": record["user_id"],
            "ehr_provider": record["ehr_provider"],
            "ehr_email": record["ehr_email"],
            "ehr_user_id": record["ehr_user_id"],
        })
    });
    Response::json(200, &json!({"is_valid": true, "is_linked": account.is_some(), "account": account}))
}

pub(super) fn link(store: &mut Store, request: &Request, ctx: &Context<'_>, user: &str) -> Result<Response, Response> {
    let given = checked(request, &[required("kinde_user_id", Kind::Text)])?;
    let account = given.get("kinde_user_id").and_then(Value::as_str).unwrap_or_default();
    if !store.world.providers.iter().any(|provider| kinde_id(&store.world, &provider.id) == account) {
        return Err(fault(404, "UserNotFoundError", "There is no such Heidi account."));
    }
    let taken = store.list(LINKS).any(|(other, record)| other == user || record["user_id"] == json!(account));
    if taken {
        return Err(fault(400, "OpenAPIHeidiAccountAlreadyLinkedError", "The account or the user is linked already."));
    }
    let record = account_record(store, user, account, ctx);
    store.put(LINKS, user, record.clone());
    Ok(Response::json(200, &json!({"account": record})))
}

pub(super) fn unlink(store: &mut Store, user: &str) -> Result<Response, Response> {
    if store.get(LINKS, user).is_none() {
        return Err(no_linked_user());
    }
    store.remove(LINKS, user);
    Ok(Response::json(200, &json!({"is_success": true})))
}

/// What an API user without an account is told.
pub(super) fn no_linked_user() -> Response {
    fault(400, "NoLinkedUserException", "error: no linked user")
}

/// Empties a collection; returns how many records it held.
pub(super) fn clear(store: &mut Store, collection: &str) -> usize {
    let keys: Vec<String> = store.list(collection).map(|(key, _)| key.to_owned()).collect();
    for key in &keys {
        store.remove(collection, key);
    }
    keys.len()
}
