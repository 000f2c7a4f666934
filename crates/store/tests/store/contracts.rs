//! The suites that the memory twins pass, over the real thing.

use testkit::contract;

use crate::support::{postgres, sqlite};

macro_rules! suites {
    ($($database:ident)*) => {$(
        mod $database {
            use super::*;

            #[tokio::test]
            async fn policies() {
                let opened = $database().await;
                contract::policies(opened.arc(), opened.arc()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn concurrent_changes() {
                let opened = $database().await;
                contract::concurrent_changes(opened.arc(), opened.arc()).await;
            }

            #[tokio::test]
            async fn journal() {
                let opened = $database().await;
                contract::journal(opened.arc()).await;
            }

            #[tokio::test]
            async fn registry() {
                let opened = $database().await;
                contract::registry(opened.arc(), opened.arc()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn lease() {
                let opened = $database().await;
                contract::lease(opened.arc(), |fence| std::sync::Arc::new(opened.store.fenced(fence))).await;
            }

            #[tokio::test]
            async fn scaling_policies() {
                let opened = $database().await;
                contract::scaling_policies(opened.arc(), opened.arc()).await;
            }

            #[tokio::test]
            async fn scaling_ledger() {
                let opened = $database().await;
                contract::scaling_ledger(opened.arc(), opened.arc()).await;
            }

            #[tokio::test]
            async fn samples() {
                let opened = $database().await;
                contract::samples(opened.arc(), opened.arc()).await;
            }

            #[tokio::test]
            async fn identity() {
                let opened = $database().await;
                contract::identity(opened.arc(), opened.arc()).await;
            }

            #[tokio::test]
            async fn the_first_secret_of_a_name_stays() {
                let opened = $database().await;
                let store = opened.arc();
                assert_eq!(store.secret("affinity", [1; 32]).await.unwrap(), [1; 32]);
                assert_eq!(store.secret("affinity", [2; 32]).await.unwrap(), [1; 32]);
                assert_eq!(store.secret("other", [3; 32]).await.unwrap(), [3; 32]);
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn first_admin_race() {
                let opened = $database().await;
                contract::first_admin_race(opened.arc(), opened.arc()).await;
            }
        }
    )*};
}

suites! { sqlite postgres }
