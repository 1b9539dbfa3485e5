//! Comments and visitors' posts.

use serde_json::{Value, json};

use super::{Bench, START};
use crate::emulator::rights::Denial;

const SECONDS: i64 = START / 1000;

#[tokio::test]
async fn a_comment_on_a_page_is_told_as_feed() {
    let bench = Bench::new().await;
    let added = bench.change(json!({"do": "comment", "text": "Price?"})).await;
    let id = added["value"]["comment_id"].clone();
    assert!(id.as_str().is_some_and(|id| id.starts_with("1001_")), "{id}");
    let post = "104000000000001_1001";
    let from = json!({"id": "8800000000000031", "name": "Ada"});
    let below = json!({"id": post, "status_type": "added_photos", "is_published": true,
        "permalink_url": "https://www.facebook.com/104000000000001_1001", "promotion_status": "inactive"});
    let told = |verb: &str, message: &str| {
        json!({"field": "feed", "value": {"item": "comment", "verb": verb, "created_time": SECONDS, "from": from,
            "comment_id": id, "post_id": post, "parent_id": post, "message": message, "post": below}})
    };
    assert_eq!(added, told("add", "Price?"));
    let answer = bench.change(json!({"person": "Ben", "do": "comment", "text": "Free!", "reply_to": id})).await;
    assert_eq!((&answer["value"]["parent_id"], &answer["value"]["from"]["name"]), (&id, &json!("Ben")));
    let edited = bench.change(json!({"do": "comment", "comment_id": id, "edit": true, "text": "Price please?"})).await;
    assert_eq!(edited, told("edited", "Price please?"));
    let removed = bench.change(json!({"do": "comment", "comment_id": id, "remove": true})).await;
    assert_eq!(
        removed,
        json!({"field": "feed", "value": {"item": "comment", "verb": "remove", "created_time": SECONDS, "from": from,
            "comment_id": id, "post_id": post, "parent_id": post}})
    );
    let chat = bench.chat().await;
    assert_eq!(
        chat["comments"],
        json!([{"id": id, "at": START, "text": "Price please?", "is_post": false, "is_live": false, "removed": true}])
    );
    assert_eq!((&chat["messages"], &chat["window"]["opened_at"]), (&json!([]), &Value::Null), "it opens no window");
    bench.end().await;
}

#[tokio::test]
async fn a_visitors_post_is_a_status() {
    let bench = Bench::new().await;
    let entries = bench.entries(json!({"do": "comment", "text": "I love your shop", "post": true})).await;
    assert_eq!(entries[0]["time"], json!(SECONDS));
    let value = &entries[0]["changes"][0]["value"];
    let id = value["post_id"].clone();
    assert!(id.as_str().is_some_and(|id| id.starts_with("104000000000001_")), "{id}");
    assert_eq!(
        *value,
        json!({"item": "status", "verb": "add", "created_time": SECONDS, "from": {"id": "8800000000000031", "name": "Ada"},
            "post_id": id, "message": "I love your shop"})
    );
    bench.end().await;
}

#[tokio::test]
async fn instagram_tells_of_new_comments_below_posts_and_broadcasts() {
    let bench = Bench::new().await;
    let on_instagram = |act| super::with(json!({"account": "shop_ig"}), act);
    let from = json!({"id": "9100000000000021", "username": "ada"});
    let comment = bench.change(on_instagram(json!({"do": "comment", "text": "Price?"}))).await;
    let id = comment["value"]["id"].clone();
    let media = "17900000000001001";
    assert_eq!(
        comment,
        json!({"field": "comments", "value": {"id": id, "text": "Price?", "from": from,
            "media": {"id": media, "media_product_type": "FEED"}}})
    );
    let live = bench.change(on_instagram(json!({"do": "comment", "text": "Hi!", "live": true, "reply_to": id}))).await;
    let live_id = live["value"]["id"].clone();
    assert_eq!(
        live,
        json!({"field": "live_comments", "value": {"id": live_id, "text": "Hi!", "from": from, "media": {"id": media},
            "parent_id": id}})
    );
    let may_reply = |id: &Value| {
        let state = bench.emulator.shared.state();
        state.rights.may_reply(id.as_str().expect("an id"), bench.clock.now())
    };
    assert_eq!((may_reply(&id), may_reply(&live_id)), (Ok(()), Ok(())));
    assert!(bench.entries(json!({"account": "shop_ig", "do": "end_live"})).await.is_empty());
    assert_eq!((may_reply(&id), may_reply(&live_id)), (Ok(()), Err(Denial::BroadcastOver)));
    for act in [
        json!({"do": "comment", "comment_id": id, "remove": true}),
        json!({"do": "comment", "comment_id": id, "edit": true, "text": "x"}),
        json!({"do": "comment", "text": "x", "post": true}),
    ] {
        assert!(bench.refused(on_instagram(act)).await.contains("Messenger"));
    }
    bench.end().await;
}

#[tokio::test]
async fn a_comment_gives_a_right_and_its_removal_takes_it() {
    let bench = Bench::new().await;
    let comment = bench.change(json!({"do": "comment", "text": "Price?"})).await["value"]["comment_id"].clone();
    let post = bench.change(json!({"do": "comment", "text": "Nice", "post": true})).await["value"]["post_id"].clone();
    {
        let state = bench.emulator.shared.state();
        let of = |id: &Value| &state.rights.writings[id.as_str().expect("an id")];
        assert_eq!((of(&comment).is_post, of(&comment).at.0, of(&comment).is_answered), (false, START, false));
        assert!(of(&post).is_post);
    }
    bench.change(json!({"do": "comment", "comment_id": comment, "remove": true})).await;
    assert_eq!(bench.emulator.shared.state().rights.writings.len(), 1);
    for act in [
        json!({"do": "comment", "comment_id": comment, "remove": true}),
        json!({"person": "Ben", "do": "comment", "comment_id": post, "edit": true, "text": "x"}),
        json!({"do": "comment", "text": "x", "reply_to": "1_2"}),
    ] {
        assert!(bench.refused(act).await.contains("lists the comments"));
    }
    assert!(bench.refused(json!({"do": "comment", "text": "x", "live": true})).await.contains("Instagram"));
    bench.end().await;
}
