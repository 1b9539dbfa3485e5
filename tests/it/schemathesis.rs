//! Schemathesis against `/api`: calls that it makes up from the description, each answer held to it.

use serde_json::json;

use crate::harness::python::Python;
use crate::harness::{ADA, Rig};

/// The newest release when this was written: what is tested is the API, not what its authors publish next.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// How often one operation is called with made-up values, and from which seed.
const EXAMPLES: &str = "20";
const SEED: &str = "1";

/// What must hold of every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method";

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_no_answer_that_is_not_described() {
    let Some(python) = Python::with(SCHEMATHESIS).await else { return };
    let rig = Rig::start().await;
    // Meta may refuse what a made-up send says to Ada.
    rig.expect_refusals();
    rig.says("Ada", "shop", "hello").await;
    rig.sends_are("sent", 1).await;
    // So that the calls reach what is there; else nearly all would be of accounts that are not.
    let parameters = json!({"path.name": ["shop", "nobody"], "path.account": ["shop", "nobody"], "path.person": ADA});
    let lines =
        parameters.as_object().expect("parameters").iter().map(|(name, value)| format!("\"{name}\" = {value}\n"));
    let config = format!("[parameters]\n{}", lines.collect::<String>());
    let file = rig.folder.path().join("schemathesis.toml");
    std::fs::write(&file, config).expect("written");

    let description = rig.admin("/api/openapi.json");
    let file = file.display().to_string();
    let which = ["--config-file", &file, "run", &description, "--checks", CHECKS];
    let how = ["--max-examples", EXAMPLES, "--seed", SEED, "--generation-database", "none", "--no-color"];
    python.module("schemathesis.cli", &[which.as_slice(), how.as_slice()].concat(), rig.folder.path()).await;
    rig.stop_and_end().await;
}
