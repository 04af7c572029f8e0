//! HTTPS: the same as HTTP, the API and the portal, behind a certificate of the program's own or a
//! given one.

use std::sync::Arc;

use actions::rules::Server;
use axum::Router;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::door::http;
use crate::door::http::Connections;
use crate::door::http::Visitor;

/// What handshakes rest on.
pub(crate) fn acceptor(shown: &Server) -> Result<TlsAcceptor, rustls::Error> {
    let identity = &shown.identity;
    let chain = core::iter::once(&identity.certificate).chain(&shown.intermediates);
    let chain = chain.map(|one| CertificateDer::from(one.der.clone())).collect();
    let key = PrivatePkcs8KeyDer::from(identity.key.to_pkcs8().to_vec());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from(key))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Answers on a listener until told to stop.
pub(crate) async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let connections = Connections::new(router);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, from)) => {
                // Answers are short, and whoever asks waits for them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its delay");
                }
                connections
                    .serve(acceptor.accept(stream), Visitor::From(from.ip()), &mut stop)
                    .await;
            }
            Err(error) => http::rest(&error).await,
        }
    }
    connections.close().await;
}
