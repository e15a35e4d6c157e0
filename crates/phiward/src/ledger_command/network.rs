use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use ledger::{Shelf, SigningKey};
use tlog::{Algorithm, Signer};
use wire::{Limits, Listener, Service};

use super::arguments::{Serve, Witness};
use super::{digits, lock, text, vkey};
use crate::Verdict;
use crate::outside::{SystemClock, SystemRng};

pub(crate) fn serve(serve: &Serve) -> Result<Verdict, String> {
    if !serve.dir.join("checkpoint").is_file() {
        return Err(format!("no log lies in `{}`", serve.dir.display()));
    }
    listen(serve.listen, Arc::new(Shelf::new(&serve.dir)))
}

pub(crate) fn witness(witness: &Witness) -> Result<Verdict, String> {
    crate::files::folder(&witness.state)?;
    let lock = lock(&witness.unlock)?;
    let path = witness.state.join("witness.key");
    let key = if path.exists() {
        SigningKey::open(&path, &lock).map_err(text)?
    } else {
        let name = witness.name.clone().unwrap_or_else(|| format!("phiward-witness/{}", digits()));
        SigningKey::create(&path, &name, &lock, &mut SystemRng::new()).map_err(text)?
    };
    if witness.name.as_ref().is_some_and(|name| name != key.name()) {
        return Err(format!("the key in `{}` is of `{}`", path.display(), key.name()));
    }
    // Both kinds: readers of today know Ed25519, and what is kept for years should outlast it.
    let mut signers: Vec<Arc<dyn Signer>> = Vec::new();
    for algorithm in [Algorithm::CosignatureEd25519, Algorithm::CosignatureMlDsa44] {
        signers.push(Arc::new(key.signer(key.name(), algorithm).map_err(text)?));
    }
    for signer in &signers {
        println!("{}", signer.key());
    }
    if witness.keys {
        return Ok(Verdict::InOrder);
    }
    let logs = witness.logs.iter().map(|key| vkey(key)).collect::<Result<Vec<_>, _>>()?;
    if logs.is_empty() {
        return Err("name a log to watch: --log KEY".to_owned());
    }
    let alarm = Arc::new(|what: &str| eprintln!("phiward: ALARM: {what}"));
    let opened = ledger::Witness::open(&witness.state, logs, signers, Arc::new(SystemClock), alarm);
    listen(witness.listen, Arc::new(opened.map_err(text)?))
}

/// Answers until a signal asks for the end.
fn listen(address: SocketAddr, service: Arc<dyn Service>) -> Result<Verdict, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(text)?;
    runtime.block_on(async {
        let listener = Listener::bind(address, Limits::default()).await.map_err(text)?;
        println!("listening on http://{}", listener.address());
        std::io::stdout().flush().map_err(text)?;
        let (stop, stopped) = wire::stop();
        let mut end =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(text)?;
        tokio::spawn(async move {
            tokio::select! {
                _ = end.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            stop.now();
        });
        listener.run(service, stopped).await;
        Ok(Verdict::InOrder)
    })
}
