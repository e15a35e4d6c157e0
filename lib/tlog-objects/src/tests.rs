//! A log through `object_store`'s own store in memory, which keeps conditions on writes.

use std::sync::Arc;
use std::time::Duration;

use object_store::memory::InMemory;
use tlog::{Algorithm, Bucket, Error, Log, Opening, SeedSigner, fsck};

use super::Remote;

const NOW: Duration = Duration::from_secs(1_800_000_000);

#[test]
fn a_log_is_kept_and_two_writers_do_not_fork_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let remote = Remote::new(Arc::new(InMemory::new()), runtime.handle().clone());
    let bucket = Bucket::new(Arc::new(remote), "logs/us/");
    let signer = Arc::new(SeedSigner::new("log.example", Algorithm::Ed25519, &[7; 32].into()).unwrap());
    let opening = || Opening::new("log.example", Arc::clone(&signer) as Arc<dyn tlog::Signer>);
    let mut first = Log::create(&bucket, opening(), NOW).unwrap();
    first.append(&vec![b"entry"; 300], NOW).unwrap();
    first.publish(NOW).unwrap();
    first.append(&[b"entry"], NOW).unwrap();
    let (mut second, recovered) = Log::open(&bucket, opening(), NOW).unwrap();
    assert_eq!((recovered.size, recovered.unpublished), (301, 1));
    assert!(matches!(first.append(&[b"fork"], NOW), Err(Error::Superseded)));
    assert_eq!(second.append(&[b"entry"], NOW).unwrap().first, 301);
    second.publish(NOW).unwrap();
    assert!(matches!(first.publish(NOW), Err(Error::Superseded)));
    second.close(NOW).unwrap();
    let keys = [tlog::Signer::key(&*signer).clone()];
    let report = fsck(&bucket, "log.example", &keys, &[]).unwrap();
    assert_eq!((report.size, report.defects.len()), (302, 0));
    assert!(matches!(Log::create(&bucket, opening(), NOW), Err(Error::Exists { .. })));
}
