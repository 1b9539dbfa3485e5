//! The options that say where settings come from.

use std::path::PathBuf;

use clap::Args;

use crate::settings::Sources;

/// Where settings come from.
#[derive(Args, Debug)]
pub(super) struct SettingsArgs {
    /// A TOML file, over the defaults (see config/default.toml).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// An environment file, in place of .env in the working directory.
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
}

impl SettingsArgs {
    /// The files, and the process's environment.
    pub(super) fn sources(&self) -> Sources {
        Sources::of_process(self.config.clone(), self.env_file.clone())
    }
}
