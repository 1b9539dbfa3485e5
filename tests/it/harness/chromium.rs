//! Headless Chromium, driven by WebDriver.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::skipped::not_run;
use super::{PATIENCE, send_json, until};

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

/// A browser takes a processor or two for itself: more at a time only make each other late.
static SLOTS: Semaphore = Semaphore::const_new(2);

/// How long a browser may take until it can be driven. On the busiest machine that has taken longer than the driver waits by
/// itself, which is a minute.
const START: Duration = PATIENCE.saturating_mul(10);

const POLL: Duration = Duration::from_millis(20);

/// How often a driver may find its port taken.
const TRIES: usize = 20;

/// Starts a driver, and reads its port. The driver picks a free port of IPv6 and then takes the same of IPv4, which another test may
/// have: it ends then ("IPv4 port not available"), and another driver picks another port.
fn driver() -> std::io::Result<(Child, String)> {
    let mut said = Vec::new();
    for _ in 0..TRIES {
        let mut driver =
            Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let lines = BufReader::new(driver.stdout.take().expect("stdout")).lines();
        for line in lines.map_while(Result::ok) {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return Ok((driver, port.trim_end_matches('.').to_owned()));
            }
            said.push(line);
        }
        driver.wait()?;
    }
    panic!("no driver tells its port: {said:#?}");
}

/// A driver and its browser. They serve one test after the other: a browser takes longer to start than most tests take.
struct Browser {
    page: Client,
    driver: Child,
    /// Where the driver listens.
    address: String,
    _profile: TempDir,
    /// Its input is closed when the tests end, however they do: it then ends the driver and the browser.
    watch: Child,
}

/// Browsers that no test has at present.
static FREE: Mutex<Vec<Browser>> = Mutex::new(Vec::new());

/// Where the connections to the drivers live: they outlive the runtime of the test that began them.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime"));

impl Browser {
    async fn start() -> io::Result<Browser> {
        let (driver, port) = driver()?;
        let address = format!("127.0.0.1:{port}");
        let profile = tempfile::tempdir()?;
        let watch = watch(&port, profile.path())?;
        let mut arguments: Vec<String> = ARGUMENTS.iter().map(|argument| (*argument).to_owned()).collect();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let options = json!({"args": arguments, "browserStartupTimeout": START.as_millis()});
        let wanted = json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let wanted = wanted.as_object().expect("an object").clone();
        let url = format!("http://{address}");
        let connected = RUNTIME.spawn(async move {
            let http = hyper_util::client::legacy::connect::HttpConnector::new();
            ClientBuilder::new(http).capabilities(wanted).connect(&url).await
        });
        let page = connected.await.expect("no panic").expect("a browser");
        Ok(Browser { page, driver, address, _profile: profile, watch })
    }
}

/// Starts what ends the driver at this address, with its browser and its profile, once these tests are gone.
fn watch(port: &str, profile: &Path) -> io::Result<Child> {
    // Killing the driver would leave its browser behind.
    const SCRIPT: &str = r#"trap 'rm -rf "$2"' EXIT; cat; exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
        printf 'GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$1" >&3; cat <&3"#;
    let mut watch = Command::new("bash");
    // In a group of its own: what ends the tests by a signal does not end it.
    watch.args(["-c", SCRIPT, "watch", port]).arg(profile).process_group(0);
    watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// A browser for one test, with an empty page.
pub struct Chromium {
    pub page: Client,
    browser: Option<Browser>,
    /// Where the driver listens.
    address: String,
    http: reqwest::Client,
    _slot: SemaphorePermit<'static>,
}

impl Chromium {
    /// A browser; `None` where there is no driver. On CI there must be one.
    pub async fn start() -> Option<Chromium> {
        let slot = SLOTS.acquire().await.expect("the slots are never closed");
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (browser, slot) = match free {
            Some(browser) => {
                let used = Chromium::of(browser, slot);
                match tokio::time::timeout(PATIENCE, used.begin_anew()).await {
                    Ok(Ok(())) => return Some(used),
                    // It has died, or hangs, since the test before: another one is started in its place.
                    _ => (Browser::start().await, SLOTS.acquire().await.expect("the slots are never closed")),
                }
            }
            None => (Browser::start().await, slot),
        };
        match browser {
            Ok(browser) => Some(Chromium::of(browser, slot)),
            Err(error) => {
                let debian = "Debian: apt-get install chromium chromium-driver";
                not_run(&format!("chromedriver cannot be started ({debian}): {error}"));
                None
            }
        }
    }

    fn of(browser: Browser, slot: SemaphorePermit<'static>) -> Chromium {
        let (page, address) = (browser.page.clone(), browser.address.clone());
        Chromium { page, browser: Some(browser), address, http: reqwest::Client::new(), _slot: slot }
    }

    /// A page of its own, in a browser that remembers nothing.
    async fn begin_anew(&self) -> Result<(), CmdError> {
        let last = self.page.window().await?;
        let next = self.page.new_window(true).await?.handle;
        self.page.switch_to_window(last).await?;
        self.page.close_window().await?;
        self.page.switch_to_window(next).await?;
        self.command("Network.clearBrowserCookies", json!({})).await;
        // What an earlier page said is read away.
        self.console().await;
        Ok(())
    }

    /// A command of Chromium's own protocol.
    async fn command(&self, command: &str, parameters: Value) {
        let session = self.page.session_id().await.expect("a session").expect("a session");
        let url = format!("http://{}/session/{session}/goog/cdp/execute", self.address);
        let call = json!({"cmd": command, "params": parameters});
        let answer = send_json(self.http.post(url), &call).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{command}");
    }

    /// What the console says: errors, warnings, and whatever scripts log.
    pub async fn console(&self) -> Vec<Value> {
        let session = self.page.session_id().await.expect("a session").expect("a session");
        let url = format!("http://{}/session/{session}/se/log", self.address);
        let answer = send_json(self.http.post(url), &json!({"type": "browser"})).send().await.expect("an answer");
        let answer: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
        answer["value"].as_array().unwrap_or_else(|| panic!("a list in {answer}")).clone()
    }

    pub async fn script(&self, script: &str) -> Value {
        self.page.execute(script, Vec::new()).await.expect("the script runs")
    }

    /// The element, once it is there.
    pub async fn element(&self, css: &str) -> Element {
        let wait = self.page.wait().at_most(PATIENCE).every(POLL);
        wait.for_element(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// Clicks, as soon as it can be clicked: what is drawn anew meanwhile is looked for again.
    pub async fn click(&self, css: &str) {
        until(|| async {
            let element = self.element(css).await;
            element.click().await.map_err(|error| format!("{css}: {error}"))
        })
        .await;
    }

    /// Writes into a field, in the place of what it holds.
    pub async fn write(&self, css: &str, text: &str) {
        let field = self.element(css).await;
        field.clear().await.expect("an empty field");
        field.send_keys(text).await.expect("typed");
    }

    /// Presses a key where the focus is.
    pub async fn press(&self, key: Key) {
        let focused = self.page.active_element().await.expect("something has the focus");
        focused.send_keys(&char::from(key).to_string()).await.expect("pressed");
    }

    /// Waits until an expression is true.
    pub async fn holds(&self, expression: &str) {
        until(|| async {
            if self.script(&format!("return Boolean({expression})")).await == true {
                Ok(())
            } else {
                Err(expression.into())
            }
        })
        .await;
    }

    /// Waits until an element says something.
    pub async fn says(&self, css: &str, text: &str) {
        until(|| async {
            let said = self.script(&format!("return document.querySelector({css:?})?.innerText ?? null")).await;
            if said.as_str().is_some_and(|said| said.contains(text)) {
                Ok(())
            } else {
                Err(format!("{css}: {said}, not {text:?}"))
            }
        })
        .await;
    }

    /// Fails when the page, or a part of it that does not scroll sideways, is wider than its place at a size.
    pub async fn fits(&self, width: u32, height: u32) {
        self.size(width, height).await;
        let wide = self.script("return document.documentElement.scrollWidth").await;
        assert!(wide.as_u64() <= Some(u64::from(width)), "the page is {wide} wide at {width}");
        let cut = "return [...document.querySelectorAll('body *')].filter(one => one.getClientRects().length \
            && !one.closest('.cards, .json, .sr, pre, textarea, select, svg, audio, video') \
            && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 120))";
        assert_eq!(self.script(cut).await, json!([]), "beyond the edge at {width}");
    }

    pub async fn size(&self, width: u32, height: u32) {
        // A window has a least width; the page's own is set past it.
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Keeps a picture of the page where the build keeps what tests make, for people to look at.
    pub async fn picture(&self, name: &str) {
        let picture = self.page.screenshot().await.expect("a picture");
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("playground-{name}.png"));
        std::fs::write(path, picture).expect("a file");
    }

    /// Leaves the browser to the next test, with nothing that this one's page has kept.
    pub async fn end(mut self) {
        let origin = self.script("return location.origin").await;
        if origin != "null" {
            self.command("Storage.clearDataForOrigin", json!({"origin": origin, "storageTypes": "all"})).await;
        }
        // The page would go on calling a port that is another test's by then.
        self.page.goto("about:blank").await.expect("an empty page");
        FREE.lock().unwrap_or_else(PoisonError::into_inner).extend(self.browser.take());
    }
}

impl Drop for Browser {
    /// The watch ends the driver and the browser.
    fn drop(&mut self) {
        self.watch.stdin.take();
        let _ = self.watch.wait();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
