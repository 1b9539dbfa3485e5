#![no_main]

use std::sync::LazyLock;

static SERVER: LazyLock<rejoinder_fuzz::Server> = LazyLock::new(rejoinder_fuzz::Server::start);

libfuzzer_sys::fuzz_target!(|body: &[u8]| SERVER.signed(body));
