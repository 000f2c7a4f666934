//! Tokens of machines, as they stand in settings.

/// For the list of keys.
pub(super) const TOKEN_ALLOWED: &str = "16 to 256 letters, digits or any of - . _ ~ + / =, such as `openssl rand -hex 24` prints";

const TOKEN_MIN: usize = 16;
const TOKEN_MAX: usize = 256;

/// The characters of RFC 6750's `b64token`, so that it can stand in a header as it is; long enough not to be guessed.
pub(crate) fn check_token(token: &str) -> Result<(), &'static str> {
    if !token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b)) {
        return Err("it has other characters");
    }
    match token.len() {
        0..TOKEN_MIN => Err("it is shorter than 16 characters"),
        TOKEN_MIN..=TOKEN_MAX => Ok(()),
        _ => Err("it is longer than 256 characters"),
    }
}
