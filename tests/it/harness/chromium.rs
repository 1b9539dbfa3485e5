//! Headless Chromium, driven by WebDriver.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::send_json;

/// What keeps a headless browser from calling home, and lets it run as root in a container.
const ARGUMENTS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--force-prefers-reduced-motion",
];

pub struct Chromium {
    pub page: Client,
    driver: Child,
    url: String,
    http: reqwest::Client,
    _profile: TempDir,
}

impl Chromium {
    /// Starts a browser; `None` where there is no driver. On CI there must be one.
    #[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was not run")]
    pub async fn start() -> Option<Chromium> {
        let driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = match driver {
            Ok(driver) => driver,
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "chromedriver cannot be started: {error}");
                eprintln!("not run: there is no chromedriver (Debian: apt-get install chromium chromium-driver)");
                return None;
            }
        };
        let lines = BufReader::new(driver.stdout.take().expect("stdout")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let url = format!("http://127.0.0.1:{}", port.expect("the driver tells its port"));
        let profile = tempfile::tempdir().expect("a folder");
        let mut arguments: Vec<String> = ARGUMENTS.iter().map(|argument| (*argument).to_owned()).collect();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}});
        let wanted = wanted.as_object().expect("an object").clone();
        let page = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(wanted)
            .connect(&url)
            .await
            .expect("a browser");
        Some(Chromium { page, driver, url, http: reqwest::Client::new(), _profile: profile })
    }

    /// What the console says: errors, warnings, and whatever scripts log.
    pub async fn console(&self) -> Vec<Value> {
        let session = self.page.session_id().await.expect("a session").expect("a session");
        let url = format!("{}/session/{session}/se/log", self.url);
        let answer = send_json(self.http.post(url), &json!({"type": "browser"})).send().await.expect("an answer");
        let answer: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
        answer["value"].as_array().unwrap_or_else(|| panic!("a list in {answer}")).clone()
    }

    pub async fn script(&self, script: &str) -> Value {
        self.page.execute(script, Vec::new()).await.expect("the script runs")
    }

    pub async fn size(&self, width: u32, height: u32) {
        // A window has a least width; the page's own is set past it.
        let metrics = json!({"cmd": "Emulation.setDeviceMetricsOverride",
            "params": {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}});
        let session = self.page.session_id().await.expect("a session").expect("a session");
        let url = format!("{}/session/{session}/goog/cdp/execute", self.url);
        let answer = send_json(self.http.post(url), &metrics).send().await.expect("an answer");
        assert!(answer.status().is_success());
    }

    /// Keeps a picture of the page where the build keeps what tests make, for people to look at.
    pub async fn picture(&self, name: &str) {
        let picture = self.page.screenshot().await.expect("a picture");
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("playground-{name}.png"));
        std::fs::write(path, picture).expect("a file");
    }

    pub async fn end(self) {
        self.page.clone().close().await.expect("the browser ends");
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
