//! Meta's own Business SDK, in Python, against the emulated Meta with a server behind it.

use serde_json::json;

use crate::harness::python::Python;
use crate::harness::{ADA, Rig, SHOP, world};

/// The newest release when this was written: what is tested is the emulator, not what Meta publishes next.
const SDK: &str = "facebook-business==26.0.3";

#[tokio::test(flavor = "multi_thread")]
async fn metas_business_sdk_sends_sets_the_profile_lists_and_subscribes() {
    let Some(python) = Python::with(SDK).await else { return };
    let rig = Rig::start().await;
    rig.says("Ada", "shop", "hello").await;
    rig.chat_reads("shop", "Ada", &["person: hello", "business: hello"]).await;

    let app = world().app;
    let input = json!({
        "meta": rig.meta,
        "app": {"id": app.id, "secret": app.secret.expose(), "verify_token": app.verify_token.expose(),
            "user_token": app.user_token.expose()},
        "person": ADA,
        "callback": rig.public("/webhook"),
    });
    let seen = python.run("tests/sdk/business.py", &input).await;
    assert_eq!(seen["pages"], json!([SHOP]));
    assert_eq!(seen["subscribed"], json!([["messages", "messaging_postbacks"]]));
    assert_eq!(seen["callback"], json!([rig.public("/webhook")]));
    assert_eq!(seen["set"]["result"], "success");
    let profile = &seen["profile"][0];
    assert_eq!(profile["get_started"], json!({"payload": "GET_STARTED"}));
    assert_eq!(profile["whitelisted_domains"], json!(["https://shop.example"]));
    assert_eq!(seen["sent"], ADA);
    assert_eq!((&seen["typing"], &seen["page"]), (&json!(ADA), &json!("shop")));
    assert_eq!(seen["deleted"]["result"], "success");
    let refused = "(#100) Length of param message[text] must be less than or equal to 2000";
    assert_eq!(seen["refused"], json!([100, refused]));
    assert_eq!(seen["conversations"], json!([["Hello from the SDK", "hello", "hello"]]));
    assert_eq!(seen["personas"], json!(["Ada", "Ben", "Cy", "Di"]));
    assert_eq!(seen["batch"], json!([200, 200]));

    let chat = ["person: hello", "business: hello", "business: Hello from the SDK"];
    rig.chat_reads("shop", "Ada", &chat).await;
    rig.end().await;
}
