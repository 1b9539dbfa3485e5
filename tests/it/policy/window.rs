//! P0, P1: who speaks first, what opens the window, and when it shuts.

use super::*;

/// What Ada can do, and whether it opens the window. `first` has to happen before it can be done.
struct Deed {
    what: &'static str,
    how: Value,
    first: Option<(&'static str, Value)>,
    kind: &'static str,
    opens: bool,
}

fn deed(what: &'static str, how: Value, kind: &'static str, opens: bool) -> Deed {
    Deed { what, how, first: None, kind, opens }
}

fn after(first: &'static str, how: Value, deed: Deed) -> Deed {
    Deed { first: Some((first, how)), ..deed }
}

fn deeds(account: &str) -> Vec<Deed> {
    let mut deeds = vec![
        deed("message", json!({"text": "again"}), "message", true),
        deed(
            "message",
            json!({"attachments": [{"type": "image", "payload": {"url": "https://x.example/a.jpg"}}]}),
            "message",
            true,
        ),
        deed("message", json!({"text": "Large", "quick_reply": "L"}), "message", true),
        deed("postback", json!({"title": "Get Started", "payload": "GET_STARTED"}), "postback", true),
        deed("referral", json!({"ref": "spring"}), "referral", true),
        deed("react", json!({}), "reaction", true),
        after("react", json!({}), deed("unreact", json!({}), "reaction", false)),
        deed("read", json!({}), "read", false),
        deed("edit", json!({"text": "hullo"}), "edit", false),
        deed("feedback", json!({"response": "good"}), "feedback", false),
        deed("comment", json!({"text": "Is it blue?"}), "comment", false),
        deed("inbox", json!({"text": "Grace here"}), "echo", false),
        deed("handover", json!({"action": "pass"}), "handover", false),
    ];
    if account == "shop_ig" {
        deeds.push(deed("unsend", json!({}), "message", false));
    } else {
        deeds.extend([
            deed("optin", json!({"ref": "button"}), "optin", true),
            deed("account_link", json!({}), "account_linking", false),
            deed("comment", json!({"text": "Hi", "post": true}), "comment", false),
        ]);
    }
    deeds
}

#[tokio::test(flavor = "multi_thread")]
async fn p0_1_nobody_is_written_to_who_did_not_speak_first() {
    for account in ["shop", "shop_ig"] {
        let desk = Desk::at(account, FEATURES).await;
        let grounds = [
            json!({}),
            json!({"messaging_type": "UPDATE"}),
            json!({"sender_action": "typing_on"}),
            with(tagged("HUMAN_AGENT"), json!({"agent": "Grace"})),
        ];
        for ground in &grounds {
            desk.check(desk.post(ground.clone()).await, Some("P0.1"), "before a word");
        }
        desk.ada("comment", json!({"text": "Is it blue?"})).await;
        desk.check(desk.post(json!({})).await, Some("P0.1"), "a comment starts no conversation");
        desk.ada_says_hello().await;
        for ground in grounds {
            desk.check(desk.post(ground).await, None, "after it");
        }
        desk.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p0_2_ids_are_of_one_account_and_one_person() {
    let desk = Desk::open().await;
    desk.ada_says_hello().await;
    for stranger in [crate::harness::ADA_ON_INSTAGRAM, crate::harness::BEN, "218471000000001"] {
        desk.check(desk.post(json!({"recipient": {"id": stranger}})).await, Some("P0.1"), stranger);
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_1_the_window_is_open_for_24_hours_from_the_last_opener() {
    for account in ["shop", "shop_ig"] {
        let desk = Desk::at(account, "").await;
        desk.ada_says_hello().await;
        desk.wait(DAY - SECOND).await;
        for ground in [json!({}), json!({"messaging_type": "UPDATE"}), json!({"sender_action": "typing_on"})] {
            desk.check(desk.post(ground).await, None, "a second before");
        }
        desk.wait(2 * SECOND).await;
        for ground in [json!({}), json!({"messaging_type": "UPDATE"}), json!({"sender_action": "typing_on"})] {
            desk.check(desk.post(ground).await, Some("P1.1"), "a second after");
        }
        // Our own words have not moved it (P1.10); the person's do (P1.9).
        desk.ada_says_hello().await;
        desk.wait(HOUR).await;
        desk.ada_says_hello().await;
        desk.wait(DAY - SECOND).await;
        desk.check(desk.post(json!({})).await, None, "a later opener moves the end");
        desk.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_2_to_p1_10_each_deed_opens_the_window_or_does_not() {
    for account in ["shop", "shop_ig"] {
        let desk = Desk::at(account, "").await;
        for Deed { what, how, first, kind, opens } in deeds(account) {
            desk.ada_says_hello().await;
            desk.check(desk.post(json!({})).await, None, "inside");
            if let Some((first, how)) = first {
                desk.ada(first, how).await;
            }
            desk.wait(DAY + SECOND).await;
            desk.check(desk.post(json!({})).await, Some("P1.1"), "shut");
            desk.ada(what, how.clone()).await;
            let told = desk.rig.events(&format!("kind={kind}")).await;
            assert!(!told.is_empty(), "{what} is told of as {kind}");
            let what = format!("{what} {how}");
            desk.check(desk.post(json!({})).await, if opens { None } else { Some("P1.1") }, &what);
            let window = desk.window().await;
            assert_eq!(window["open"], opens, "{what}: {window}");
            if opens {
                assert_eq!(window["opened_by"], kind, "{what}");
            }
        }
        desk.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_4_an_ad_opens_nothing_before_the_person_starts() {
    let desk = Desk::open().await;
    let ad = json!({"sender": {"id": ADA}, "recipient": {"id": crate::harness::SHOP}, "timestamp": desk.rig.now().0,
        "referral": {"ref": "spring", "source": "ADS", "type": "OPEN_THREAD", "ad_id": "6045246247433"}});
    assert_eq!(desk.rig.deliver(&crate::harness::delivery(&[ad])).await, 200);
    desk.rest().await;
    desk.check(desk.post(json!({})).await, Some("P0.1"), "an ad alone");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_5_the_checkbox_opens_the_window_of_its_reference() {
    let desk = Desk::open().await;
    let to = json!({"recipient": {"user_ref": "cart-1"}});
    desk.check(desk.post(to.clone()).await, Some("P0.1"), "before");
    desk.ada("optin", json!({"ref": "cart", "user_ref": "cart-1"})).await;
    desk.check(desk.post_alone(json!({})).await, Some("P0.1"), "the person's own id is not known by it");
    desk.wait(DAY - SECOND).await;
    desk.check(desk.post(to.clone()).await, None, "a second before");
    desk.wait(2 * SECOND).await;
    desk.check(desk.post(to).await, Some("P1.1"), "a second after");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_or_repeated_opener_turns_nothing_back() {
    let desk = Desk::open().await;
    desk.ada_says_hello().await;
    let opened = desk.window().await["opened_at"].clone();
    desk.ada("postback", json!({"title": "Help", "payload": "HELP", "timestamp": desk.rig.now().0 - 3_600_000})).await;
    assert_eq!(desk.window().await["opened_at"], opened);
    desk.rig.fault(json!({"push": "duplicate", "times": 1})).await;
    desk.wait(HOUR).await;
    desk.ada_says_hello().await;
    let again = desk.window().await["opened_at"].clone();
    assert_ne!(again, opened);
    desk.wait(DAY - SECOND).await;
    desk.check(desk.post(json!({})).await, None, "a second before");
    desk.close().await;
}
