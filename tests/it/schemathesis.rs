//! Schemathesis against `/api`: calls that it makes up from the description, each answer held to it.

use crate::doubt::with_two_held;
use crate::harness::python::Python;

/// The newest release when this was written: what is tested is the API, not what its authors publish next.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_no_answer_that_is_not_described() {
    let Some(python) = Python::with(SCHEMATHESIS).await else { return };
    let rig = with_two_held().await;
    let config =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/schemathesis.toml").display().to_string();
    let arguments = ["--config-file", &config, "run", &rig.admin("/api/openapi.json")];
    python.module("schemathesis.cli", &arguments, rig.folder.path()).await;
    // They reach what is there.
    rig.until(|| async {
        let sent = rig.sends("status=sent").await.len();
        if sent > 10 { Ok(()) } else { Err(format!("{sent} sends were sent")) }
    })
    .await;
    rig.stop_and_end().await;
}
