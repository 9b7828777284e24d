//! What any backplane promises: one suite, run over each of them.

/// Runs promises over every backplane, with the given time-to-live of nicks.
macro_rules! promises {
    ($($name:ident, $ttl:expr;)*) => {
        mod on_disk {
            $(#[tokio::test]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                super::$name(crate::backplane::asked::Asked::new(hub::backplane::Local::open(folder.path(), $ttl).unwrap())).await;
            })*
        }
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::backplane::asked::Asked::new(hub::backplane::Local::in_memory($ttl).unwrap())).await;
            })*
        }
    };
}

mod asked;
mod changing;
mod copying;
mod entries;
mod files;
mod following;
mod forgetting;
mod nicks;
mod reading;
mod reopening;
mod searching;
mod sessions;
mod storing;
mod upgrading;
