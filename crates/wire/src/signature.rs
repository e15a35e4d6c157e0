use std::fmt;

use aws_lc_rs::{digest, hmac};
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::client::Call;

/// Who asks a service of AWS, or one that takes its signatures.
#[derive(Clone)]
pub struct Credentials {
    pub id: String,
    pub secret: Zeroizing<String>,
    /// Of credentials for a time.
    pub token: Option<Zeroizing<String>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl Credentials {
    /// Signs a call to a host (AWS Signature Version 4), whose path is encoded and whose query is in order.
    pub fn sign(&self, call: &mut Call, authority: &str, region: &str, service: &str, now: Timestamp) {
        let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = now.strftime("%Y%m%d").to_string();
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let payload = hex(digest::digest(&digest::SHA256, &call.body).as_ref());
        call.headers.push(("x-amz-content-sha256", payload.clone()));
        call.headers.push(("x-amz-date", stamp.clone()));
        if let Some(token) = &self.token {
            call.headers.push(("x-amz-security-token", token.to_string()));
        }
        let mut signed: Vec<(&str, &str)> =
            call.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        signed.push(("host", authority));
        signed.sort_unstable();
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let request = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{payload}", call.method);
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let hashed = hex(digest::digest(&digest::SHA256, request.as_bytes()).as_ref());
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}");
        let mut key = Zeroizing::new(format!("AWS4{}", *self.secret).into_bytes());
        for part in [day.as_str(), region, service, "aws4_request"] {
            key = Zeroizing::new(mac(&key, part.as_bytes()));
        }
        let signature = hex(&mac(&key, text.as_bytes()));
        let id = &self.id;
        call.headers.push((
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"),
        ));
    }
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of AWS's page "Authenticating requests: using the Authorization header", GET object.
    #[test]
    fn a_call_is_signed_as_the_published_example_is() {
        let credentials = Credentials {
            id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: Zeroizing::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            token: None,
        };
        let headers = vec![("range", "bytes=0-9".to_owned())];
        let mut call = Call { method: "GET", path: "/test.txt".to_owned(), headers, body: Vec::new() };
        let now = "2013-05-24T00:00:00Z".parse().unwrap();
        credentials.sign(&mut call, "examplebucket.s3.amazonaws.com", "us-east-1", "s3", now);
        let (name, value) = call.headers.last().unwrap();
        assert_eq!(*name, "authorization");
        assert_eq!(
            value,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        assert!(!format!("{credentials:?}").contains("EXAMPLE"));
    }
}
