//! Signed bearer tokens: HS256 by the JWT library, the claims by rules of our own, so that the
//! clock is an argument and every refusal has its word.
//!
//! A token may be used again until it expires; there is no memory of the used ones.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, crypto, dangerous::insecure_decode_claims, decode_header,
};
use serde::Deserialize;

use super::Denied;

/// The key and the rules for tokens signed with it.
#[derive(Clone)]
pub struct Signed {
    key: DecodingKey,
    issuer: Option<String>,
    audience: Option<String>,
    skew: Duration,
}

/// What a token says, as far as it matters. A claim of the wrong shape makes the token invalid.
#[derive(Debug, Deserialize)]
struct Claims {
    /// Seconds since 1970. Required: a token without an end is a password.
    exp: i64,
    nbf: Option<i64>,
    iss: Option<String>,
    aud: Option<Audience>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

// === impl Signed ===

impl Signed {
    pub(super) fn new(
        secret: &[u8],
        issuer: Option<String>,
        audience: Option<String>,
        skew: Duration,
    ) -> Self {
        Self {
            key: DecodingKey::from_secret(secret),
            issuer,
            audience,
            skew,
        }
    }

    pub(super) fn check(&self, token: &str, now: SystemTime) -> Result<(), Denied> {
        self.check_signature(token)?;
        let claims = insecure_decode_claims(token).map_err(|_| Denied::Jwt)?;
        self.check_claims(&claims, now)
    }

    /// Whether the token is HS256 with our key and demands nothing we do not know.
    fn check_signature(&self, token: &str) -> Result<(), Denied> {
        let header = decode_header(token).map_err(|_| Denied::Jwt)?;
        // RFC 7515, section 4.1.11: what is critical must be understood, and we understand none.
        if header.alg != Algorithm::HS256 || header.crit.is_some() {
            return Err(Denied::Jwt);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(Denied::Jwt)?;
        let valid = crypto::verify(signature, message.as_bytes(), &self.key, Algorithm::HS256);
        if valid.unwrap_or(false) {
            Ok(())
        } else {
            Err(Denied::Jwt)
        }
    }

    fn check_claims(&self, claims: &Claims, now: SystemTime) -> Result<(), Denied> {
        let now = now.duration_since(UNIX_EPOCH).map_or(0, whole_seconds);
        let skew = whole_seconds(self.skew);
        if now > claims.exp.saturating_add(skew) {
            return Err(Denied::Expired);
        }
        if claims
            .nbf
            .is_some_and(|from| now < from.saturating_sub(skew))
        {
            return Err(Denied::NotYet);
        }
        if self.issuer.is_some() && self.issuer != claims.iss {
            return Err(Denied::Issuer);
        }
        let expected = self.audience.as_ref();
        if expected.is_some_and(|audience| !claims.is_for(audience)) {
            return Err(Denied::Audience);
        }
        Ok(())
    }
}

fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("skew", &self.skew)
            .finish_non_exhaustive()
    }
}

// === impl Claims ===

impl Claims {
    fn is_for(&self, audience: &str) -> bool {
        match &self.aud {
            None => false,
            Some(Audience::One(name)) => name == audience,
            Some(Audience::Many(names)) => names.iter().any(|name| name == audience),
        }
    }
}

#[cfg(test)]
mod tests;
