//! Names that speak of secrets, and texts that are such.

use std::sync::LazyLock;

use regex::Regex;

use crate::classification::words::words;

/// Whether a variable, field, header or parameter of this name holds a secret, and not the name or place of one.
pub(crate) fn is_named(name: &str) -> bool {
    const SECRETS: [&str; 16] = [
        "password",
        "passwords",
        "passwd",
        "pwd",
        "passphrase",
        "passcode",
        "secret",
        "secrets",
        "token",
        "tokens",
        "apikey",
        "apitoken",
        "bearer",
        "credential",
        "credentials",
        "authorization",
    ];
    const OF_KEY: [&str; 11] = [
        "api",
        "access",
        "private",
        "secret",
        "auth",
        "subscription",
        "shared",
        "account",
        "client",
        "consumer",
        "signing",
    ];
    // The last words of names that are about a secret and are none.
    const ABOUT: [&str; 62] = [
        "field",
        "fields",
        "name",
        "names",
        "label",
        "labels",
        "header",
        "headers",
        "endpoint",
        "url",
        "uri",
        "path",
        "type",
        "types",
        "setting",
        "settings",
        "title",
        "message",
        "messages",
        "msg",
        "error",
        "errors",
        "rule",
        "rules",
        "pattern",
        "regex",
        "expiry",
        "expires",
        "expired",
        "timeout",
        "prefix",
        "suffix",
        "param",
        "parameter",
        "parameters",
        "page",
        "template",
        "id",
        "ids",
        "question",
        "hint",
        "policy",
        "format",
        "status",
        "state",
        "count",
        "class",
        "info",
        "required",
        "invalid",
        "missing",
        "permission",
        "provider",
        "service",
        "object",
        "link",
        "method",
        "operation",
        "action",
        "delimiter",
        "separator",
        "property",
    ];
    let words = words(name);
    if words.last().is_some_and(|last| ABOUT.contains(&last.as_str())) {
        return false;
    }
    words.iter().any(|word| SECRETS.contains(&word.as_str()))
        || words.windows(2).any(|pair| {
            matches!(pair, [of, key] if key == "key" && OF_KEY.contains(&of.as_str()) || of == "pass" && matches!(key.as_str(), "word" | "phrase"))
        })
}

/// Whether a name says that it is some key: a secret only where the value was drawn.
pub(crate) fn is_named_as_key(name: &str) -> bool {
    const NO_SECRET: [&str; 12] = [
        "cache",
        "field",
        "foreign",
        "index",
        "map",
        "object",
        "partition",
        "primary",
        "public",
        "record",
        "site",
        "sort",
    ];
    let words = words(name);
    words.len() > 1
        && words.last().is_some_and(|last| last == "key" || last == "keys")
        && !words.iter().any(|word| NO_SECRET.contains(&word.as_str()))
}

/// Whether a machine drew a text: long, of one alphabet, letters and digits mixed.
pub(crate) fn is_drawn(text: &str) -> bool {
    let has = |is: fn(&char) -> bool| text.chars().filter(is).count();
    let digits = has(char::is_ascii_digit);
    let (lower, upper) = (has(char::is_ascii_lowercase), has(char::is_ascii_uppercase));
    let is_hexadecimal =
        text.len() >= 32 && text.chars().all(|c| c.is_ascii_hexdigit()) && lower.min(upper) == 0;
    let is_base64 = text.len() >= 24
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_'))
        && lower.min(upper) > 2;
    digits > 3 && digits < text.len() && (is_hexadecimal || is_base64) && is_value(text)
}

/// Headers whose value logs in.
pub(crate) fn is_header(name: &str) -> bool {
    let lower = name.trim().to_ascii_lowercase();
    matches!(
        lower.as_str(),
        "authorization"
            | "proxy-authorization"
            | "x-api-key"
            | "api-key"
            | "apikey"
            | "x-auth-token"
            | "x-access-token"
            | "x-functions-key"
            | "ocp-apim-subscription-key"
            | "x-client-secret"
            | "client_secret"
            | "cookie"
    )
}

/// Whether a text is a secret's value: no placeholder, name, address, message, rule or merge field.
pub(crate) fn is_value(text: &str) -> bool {
    let text = text.trim();
    let length = text.chars().count();
    if !(6..=4_096).contains(&length) || text.chars().any(char::is_whitespace) {
        // A key in PEM has lines.
        return text.contains("PRIVATE KEY-----") && length > 60;
    }
    !is_placeholder(text) && !is_address(text) && !is_rule(text) && !is_of_names(text)
}

/// What stands for a secret that is put in elsewhere.
pub(crate) fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 15] = [
        "your",
        "replace",
        "changeme",
        "change_me",
        "placeholder",
        "example",
        "dummy",
        "insert",
        "todo",
        "xxx",
        "redacted",
        "masked",
        "sample",
        "fake",
        "undefined",
    ];
    let lower = text.to_ascii_lowercase();
    let mut letters = text.chars();
    let first = letters.next();
    lower == "change"
        || WORDS.iter().any(|word| lower.contains(word))
        || ["{!", "${", "{{", "%%", "{0}", "{1}"].iter().any(|mark| text.contains(mark))
        || text.starts_with('<') && text.ends_with('>')
        || text.starts_with('{') && text.ends_with('}')
        || letters.all(|c| Some(c) == first)
        || !text.chars().any(char::is_alphanumeric)
}

fn is_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.starts_with("callout:")
        || lower.contains("://")
        || text.starts_with(['/', '?', '&', '.', '#'])
        || lower.starts_with("urn:")
        || lower.contains(".com")
        || lower.ends_with("__c")
        || lower.ends_with("__r")
        || lower.ends_with("__mdt")
}

/// A regular expression, markup or a fragment of JSON.
fn is_rule(text: &str) -> bool {
    text.starts_with('^')
        || text.contains("(?")
        || text.contains(".*")
        || text.contains("\\d")
        || text.contains("[a-z")
        || text.contains("[A-Z")
        || text.contains("</")
        || text.starts_with(['<', '[', '{', '"', '(', ','])
}

/// Whether it is made of words as names are: `Lab_Api_Key`, `access_token`, `X-Auth-Token`, `HmacSHA256`.
fn is_of_names(text: &str) -> bool {
    if text.chars().any(|c| "!@#$^*?~+".contains(c)) {
        return text.split_once('@').is_some_and(|(_, host)| host.contains('.') && !host.contains('!'));
    }
    // `a=b&c=` is a piece of a query.
    let between = ['_', '-', '.', ':', '/', ' ', '|', ';', ',', '=', '&'];
    let chunks: Vec<&str> = text.split(between).filter(|chunk| !chunk.is_empty()).collect();
    let letters: usize = text.chars().filter(|c| c.is_alphabetic()).count();
    let digits: usize = text.chars().filter(char::is_ascii_digit).count();
    if letters == 0 {
        return digits < 6 || chunks.len() > 1;
    }
    chunks.iter().all(|chunk| is_word(chunk))
}

/// Letters with no more than three digits behind them, in words that are long enough to be such.
fn is_word(chunk: &str) -> bool {
    let bare = chunk.trim_end_matches(|c: char| c.is_ascii_digit());
    if chunk.len() - bare.len() > 3 {
        return false;
    }
    if bare.is_empty() {
        return true;
    }
    if !bare.chars().all(char::is_alphabetic) {
        // `OAuth2Token`, `v1Token`: one digit within a word.
        let digits = bare.chars().filter(char::is_ascii_digit).count();
        let begins = bare.chars().next().is_some_and(char::is_alphabetic);
        return begins
            && digits == 1
            && bare.len() < 24
            && bare.chars().all(char::is_alphanumeric)
            && has_vowels(bare);
    }
    let rest = bare.get(1..).unwrap_or_default();
    let is_even = rest.chars().all(char::is_lowercase) || bare.chars().all(char::is_uppercase);
    if bare.len() <= 4 {
        return is_even;
    }
    has_vowels(bare) && (is_even && bare.len() < 12 || bare.len() / words(bare).len().max(1) >= 4)
        || bare.len() < 12 && has_vowels(bare) && words(bare).len() <= 3
}

/// Whether there are as many vowels as words have: one in seven letters at least.
fn has_vowels(text: &str) -> bool {
    let vowels = text.chars().filter(|c| "aeiouyAEIOUY".contains(*c)).count();
    vowels * 7 >= text.len()
}

/// `Basic dXNlcjpwYXNz`, `Bearer eyJ...`
static SCHEME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(?:basic|bearer|token|apikey|sso-key)\s+(?<value>\S{6,})\s*$").ok()
});
/// `https://user:password@host`
static IN_ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[a-z]://[^/\s:@?#]+:(?<value>[^/\s:@?#]+)@").ok());
/// `client_secret=...`, `"password": "..."`
static IN_BODY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?xi) (?:^|[?&;,\s{"'<])
        (?:client_secret|clientsecret|password|passwd|pwd|secret|api_?key|access_token|refresh_token|private_key|subscription-key)
        ["']?\s*[=:>]\s*["']?
        (?<value>[^\s&"',;<>{}()]+)"#,
    )
    .ok()
});

/// What a text tells that stands anywhere: a header, an address with a password, a body with a secret.
pub(crate) fn within(text: &str) -> Option<&'static str> {
    let value_of = |regex: &LazyLock<Option<Regex>>| {
        let found = regex.as_ref()?.captures(text)?;
        found.name("value").map(|value| value.as_str().to_owned())
    };
    if text.len() > 20_000 {
        return None;
    }
    if value_of(&SCHEME).is_some_and(|value| is_scheme_value(&value)) {
        return Some("the value of an authorisation header");
    }
    if value_of(&IN_ADDRESS).is_some_and(|value| !is_placeholder(&value)) {
        return Some("an address with a password in it");
    }
    let all = IN_BODY.as_ref()?.captures_iter(text);
    let mut values = all.filter_map(|found| found.name("value").map(|value| value.as_str().to_owned()));
    values.any(|value| is_value(&value)).then_some("a request with a secret in it")
}

/// Whether what follows `Basic` or `Bearer` is a secret: user and password, Base64 of such, or a token.
pub(crate) fn is_scheme_value(value: &str) -> bool {
    let value = value.trim();
    let is_pair =
        value.split_once(':').is_some_and(|(user, password)| !user.is_empty() && password.len() >= 4);
    !is_placeholder(value)
        && (is_pair && !value.contains("//") || is_value(value) || value.ends_with('=') && value.len() > 8)
}

/// `env: 'stg'`, `"environment": "sandbox"`
static ENVIRONMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?xi) \b(?:env|environment|stage|mode)["']?\s*[:=]\s*["'`]
        (?:stg|stage|staging|sandbox|sbx|test|testing|dev|develop|development|uat|qa|sit|preprod|demo)["'`]"#,
    )
    .ok()
});
/// Lines before and behind a secret that say for which environment it is.
const AROUND: usize = 4;

/// Whether the source says that the secret at a byte opens an environment without patients: by its own form (`sk_test_`),
/// or by what stands beside it.
pub(crate) fn is_for_tests(text: &str, at: usize) -> bool {
    let (Some(before), Some(after)) = (text.get(..at), text.get(at..)) else { return false };
    if ["sk_test_", "pk_test_", "rk_test_"].iter().any(|mark| after.starts_with(mark)) {
        return true;
    }
    let start = before.rmatch_indices('\n').nth(AROUND).map_or(0, |(at, _)| at);
    let end = after.match_indices('\n').nth(AROUND).map_or(text.len(), |(behind, _)| at + behind);
    let beside = text.get(start..end).unwrap_or_default();
    ENVIRONMENT.as_ref().is_some_and(|regex| regex.is_match(beside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, expected) in [
            ("API_KEY", true),
            ("accessToken", true),
            ("START_PASSWORD", true),
            ("clientSecret", true),
            ("Api_Key__c", true),
            ("TOKEN_ENDPOINT", false),
            ("PASSWORD_FIELD", false),
            ("passwordId", false),
            ("SECRET_QUESTION_LABEL", false),
            ("colour", false),
            ("KEY", false),
        ] {
            assert_eq!(is_named(name), expected, "{name}");
        }
    }

    #[test]
    fn values() {
        for (text, expected) in [
            ("Xk29-vQpL7-0aTzR4-mWe81c", true),
            ("9f3b7c1e5a8d4026bb17e0c4d2a96f58", true),
            ("Harbor-Start-2025!", true),
            ("Tr0ub4dor-88", true),
            ("Welcome2025", true),
            ("Zk29-vQpL7-0aTzR4", true),
            ("OAuth2Token", false),
            ("Sandbox", false),
            ("getAccessToken", false),
            ("CRM", false),
            ("ksjdhfKJHdkjfhQWEmnbz", true),
            ("Lab_Api_Key", false),
            ("X-Auth-Token", false),
            ("access_token", false),
            ("HmacSHA256", false),
            ("grant_type=password", false),
            ("urn:ietf:params:oauth:grant-type:jwt-bearer", false),
            ("application/x-www-form-urlencoded", false),
            ("YOUR_TOKEN_HERE", false),
            ("REPLACE_ME", false),
            ("<your-api-key>", false),
            ("********", false),
            ("{!$Credential.Password}", false),
            ("callout:Lab_Api/v2/token", false),
            ("/oauth2/v1/token", false),
            ("Your password needs ten characters.", false),
            ("^(?=.*[A-Z])(?=.*[0-9]).{10,}$", false),
            ("Portal_Password__c", false),
            ("2021-03-04", false),
            ("", false),
        ] {
            assert_eq!(is_value(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_with_secrets_in_them() {
        for (text, expected) in [
            ("Basic aGFyYm9yLXN2YzpXaW50ZXItNDQ3MSE=", true),
            ("Bearer 4c1fa09be27d4d7f8a6e53b0c9d81e72", true),
            ("Basic harbor-svc:Winter-4471!", true),
            ("Bearer {!$Credential.OAuthToken}", false),
            ("Bearer token", false),
            ("Basic ", false),
            ("https://archive-svc:Tr0ub4dor-88@archive.example/files", true),
            ("https://archive.example/files?owner=archive-svc@harbor.example", false),
            ("grant_type=client_credentials&client_id=harbor&client_secret=b7Qm3xRz9LkT2vNw", true),
            ("grant_type=password&client_id=harbor&username=", false),
            ("&password=", false),
            (r#"{"user":"a","password":"Winter-4471!"}"#, true),
            ("WHERE Secret = :secret", false),
        ] {
            assert_eq!(within(text).is_some(), expected, "{text}");
        }
    }
}
