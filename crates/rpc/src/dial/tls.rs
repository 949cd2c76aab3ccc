//! Whom to trust on `wss://`: what this computer trusts.

use std::{io, sync::Arc};

use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

/// A configuration with the root certificates of this computer. Reads them each time: they are
/// needed once per connection, and may change while a long-lived client runs.
pub(super) fn system_roots() -> io::Result<Arc<ClientConfig>> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "no root certificates are installed on this computer",
        ));
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(Arc::new(
        builder.with_root_certificates(roots).with_no_client_auth(),
    ))
}
