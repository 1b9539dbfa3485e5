//! `image_grid`: two to six pictures side by side.

use super::super::super::world::Platform;
use super::super::buttons;
use super::super::error::GraphError;
use super::super::part::Part;
use super::form::{TITLE, only};

const HEADING: usize = 45;

/// As long as the payload of a button.
const PAYLOAD: usize = 1000;

pub(super) fn check(payload: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    only(payload, &["elements"])?;
    payload.required_objects("elements", 1..=1)?.iter().try_for_each(|grid| check_grid(grid, platform))
}

fn check_grid(grid: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    grid.only(&["title", "subtitle", "images", "buttons"])?;
    grid.optional_text("title", HEADING)?;
    grid.optional_text("subtitle", TITLE)?;
    let images = grid.required_objects("images", 2..=6)?;
    images.iter().try_for_each(|image| check_image(image, platform))?;
    let is_hero = |image: &&Part<'_>| image.get("is_hero_image").is_some_and(|hero| hero.value == true);
    if images.iter().filter(is_hero).count() > 1 {
        return Err(grid.required("images")?.refuse("must have at most one is_hero_image"));
    }
    buttons::check_of(grid, &buttons::PLAIN, platform)
}

fn check_image(image: &Part<'_>, platform: Platform) -> Result<(), GraphError> {
    image.only(&["url", "is_hero_image", "action"])?;
    image.required_url("url")?;
    image.check_bool("is_hero_image")?;
    let Some(action) = image.get("action") else { return Ok(()) };
    match action.required_one_of("type", &buttons::PLAIN)? {
        "web_url" => buttons::check_tap(&action, platform),
        _ => {
            action.only(&["type", "payload", "text"])?;
            action.required_text("payload", PAYLOAD)?;
            action.required_text("text", PAYLOAD).map(drop)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{changed, judge_on_messenger};

    #[test]
    fn pictures_in_a_grid() {
        let image = json!({"url": "https://shop.example/1.jpg"});
        let grid = json!({"title": "Spring", "subtitle": "Tap one", "images": [image, image],
            "buttons": [{"type": "web_url", "url": "https://shop.example", "title": "All"}]});
        let check = |key: &str, value: Value, expected: Option<&str>| {
            let payload = json!({"template_type": "image_grid", "elements": [changed(&grid, key, value)]});
            judge_on_messenger(&payload, expected);
        };
        check("title", json!("t".repeat(45)), None);
        check("title", json!("t".repeat(46)), Some("[title]"));
        check("subtitle", json!("t".repeat(81)), Some("[subtitle]"));
        check("images", json!([image]), Some("2 to 6"));
        check("images", json!(vec![image.clone(); 6]), None);
        check("images", json!(vec![image.clone(); 7]), Some("2 to 6"));
        let hero = changed(&image, "is_hero_image", json!(true));
        check("images", json!([hero, image]), None);
        check("images", json!([hero, hero]), Some("at most one"));
        let action = |action: Value| json!([changed(&image, "action", action), image]);
        check("images", action(json!({"type": "postback", "payload": "P2", "text": "About the boots"})), None);
        check("images", action(json!({"type": "postback", "payload": "P2"})), Some("[action][text]"));
        check("images", action(json!({"type": "phone_number"})), Some("[action][type]"));
        check("buttons", json!([{"type": "phone_number", "title": "Call", "payload": "+49"}]), Some("[buttons]"));
    }
}
