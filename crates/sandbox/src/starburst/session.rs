//! Who asks, and for what: the headers of a request.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;

use super::config::{PlainHttp, StandinConfig};

/// What the headers of a statement say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The user.
    pub user: String,
    /// `X-Trino-Source`.
    pub source: Option<String>,
    /// `X-Trino-Catalog`.
    pub catalog: Option<String>,
    /// `X-Trino-Schema`.
    pub schema: Option<String>,
    /// `X-Trino-Client-Tags`, one by one.
    pub client_tags: Vec<String>,
    /// The role of `X-Trino-Role: system=ROLE{…}`, decoded.
    pub role: Option<String>,
    /// `X-Trino-Trace-Token`.
    pub trace_token: Option<String>,
}

/// A request that gets no further than its headers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.message).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let asks = header::HeaderValue::from_static("Basic realm=\"Trino\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, asks);
        }
        response
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty()).then_some(value)
}

/// The origin of the URLs in an answer: as the client, or the proxy before it,
/// named this server.
pub(super) fn base_url(config: &StandinConfig, headers: &HeaderMap) -> Result<String, Refusal> {
    let forwarded = [
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-for",
    ];
    if !config.process_forwarded && forwarded.iter().any(|name| headers.contains_key(*name)) {
        return Err(Refusal::new(
            StatusCode::NOT_ACCEPTABLE,
            "Server configuration does not allow processing of the X-Forwarded-For header",
        ));
    }
    let scheme = text(headers, "x-forwarded-proto").unwrap_or("http");
    let host = text(headers, "x-forwarded-host")
        .or_else(|| text(headers, "host"))
        .unwrap_or("localhost");
    match text(headers, "x-forwarded-port") {
        Some(port) if !host.contains(':') => Ok(format!("{scheme}://{host}:{port}")),
        _ => Ok(format!("{scheme}://{host}")),
    }
}

/// The user of a request that needs one.
pub(super) fn authenticate(config: &StandinConfig, headers: &HeaderMap) -> Result<String, Refusal> {
    let secure = text(headers, "x-forwarded-proto") == Some("https");
    if !secure && config.plain_http == PlainHttp::Refused {
        let message = "Authentication over HTTP is not enabled";
        return Err(Refusal::new(StatusCode::FORBIDDEN, message));
    }
    let unauthorized = |message: &str| Refusal::new(StatusCode::UNAUTHORIZED, message);
    let named = text(headers, "x-trino-user").map(str::to_owned);
    let authorization = text(headers, "authorization");
    let basic = authorization
        .and_then(|value| value.strip_prefix("Basic "))
        .map(|encoded| decode_basic(encoded).ok_or_else(|| unauthorized("Invalid credentials")))
        .transpose()?;
    let has_password = basic
        .as_ref()
        .is_some_and(|(_, password)| !password.is_empty());
    if !secure && has_password && config.plain_http == PlainHttp::PasswordRefused {
        let message = "Password not allowed for insecure authentication";
        return Err(unauthorized(message));
    }
    if config.password.is_some() || config.token.is_some() {
        let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
        let by_token = bearer.is_some() && bearer == config.token.as_deref();
        let by_password = basic.is_some() && basic == config.password;
        if !by_token && !by_password {
            return Err(unauthorized(match authorization {
                Some(_) => "Access Denied: Invalid credentials",
                None => "Unauthorized",
            }));
        }
        if let (Some((user, _)), Some(named)) = (&basic, &named)
            && user != named
        {
            let message = format!("Access Denied: User {user} cannot impersonate user {named}");
            return Err(Refusal::new(StatusCode::FORBIDDEN, message));
        }
    }
    named
        .or(basic.map(|(user, _)| user))
        .ok_or_else(|| unauthorized("Basic authentication or X-Trino-User must be sent"))
}

impl Session {
    /// The session of a statement.
    pub(super) fn from_headers(
        config: &StandinConfig,
        headers: &HeaderMap,
    ) -> Result<Self, Refusal> {
        let bad = |message: String| Refusal::new(StatusCode::BAD_REQUEST, message);
        let user = authenticate(config, headers)?;
        let owned = |name| text(headers, name).map(str::to_owned);
        let (catalog, schema) = (owned("x-trino-catalog"), owned("x-trino-schema"));
        if schema.is_some() && catalog.is_none() {
            return Err(bad("Schema is set but catalog is not".to_owned()));
        }
        let role = text(headers, "x-trino-role")
            .map(role)
            .transpose()?
            .flatten();
        if let (Some(role), Some(held)) = (&role, &config.roles)
            && !held.contains(role)
        {
            let message = format!(
                "io.trino.spi.security.AccessDeniedException: Access Denied: Cannot set role {role}"
            );
            return Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message));
        }
        let tags = text(headers, "x-trino-client-tags").unwrap_or_default();
        let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
        Ok(Self {
            user,
            source: owned("x-trino-source"),
            catalog,
            schema,
            client_tags: tags.map(str::to_owned).collect(),
            role,
            trace_token: owned("x-trino-trace-token"),
        })
    }
}

/// The role for catalog `system`: `ROLE{name}` once decoded; ALL and NONE are none.
fn role(header: &str) -> Result<Option<String>, Refusal> {
    let bad = || {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("Invalid X-Trino-Role header: {header}"),
        )
    };
    for assignment in header.split(',') {
        let (catalog, value) = assignment.trim().split_once('=').ok_or_else(bad)?;
        let value = percent_decode_str(value).decode_utf8().map_err(|_| bad())?;
        let name = value
            .strip_prefix("ROLE{")
            .and_then(|rest| rest.strip_suffix('}'));
        match (name, value.as_ref()) {
            (Some(name), _) if catalog == "system" => return Ok(Some(name.to_owned())),
            (Some(_), _) | (None, "ALL" | "NONE") => {}
            (None, _) => return Err(bad()),
        }
    }
    Ok(None)
}

fn decode_basic(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(base64(encoded.trim())?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0_u32, 0);
    for character in text.bytes().filter(|byte| *byte != b'=') {
        let six = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_decoded() {
        let decoded = decode_basic("YWxpY2U6c2VjOnJldA==");
        assert_eq!(decoded, Some(("alice".to_owned(), "sec:ret".to_owned())));
        assert_eq!(decode_basic("%%%"), None);
    }

    #[test]
    fn a_role_is_decoded_and_nonsense_refused() {
        assert_eq!(
            role("system=ROLE%7Banalyst%7D").unwrap().as_deref(),
            Some("analyst")
        );
        assert_eq!(role("system=ALL").unwrap(), None);
        assert!(role("analyst").is_err());
    }
}
