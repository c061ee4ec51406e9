//! Where everything listens and keeps its state. Ports are chosen once and kept in the folder, since image
//! references and task definitions hold them: a sandbox that is started again must be where it was.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::SandboxError;

/// The ports, all on 127.0.0.1.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Ports {
    /// DynamoDB.
    pub dynamodb: u16,
    /// SQS.
    pub sqs: u16,
    /// The registry.
    pub registry: u16,
    /// GitHub.
    pub github: u16,
    /// ECS.
    pub ecs: u16,
    /// In front of staging's application.
    pub staging: u16,
    /// In front of production's application.
    pub production: u16,
    /// Staging's database.
    pub staging_database: u16,
    /// Production's database.
    pub production_database: u16,
}

/// A sandbox's folder.
#[derive(Debug, Clone)]
pub struct Places {
    folder: PathBuf,
    /// The ports.
    pub ports: Ports,
}

impl Places {
    /// Opens the folder: makes it, or takes up the ports that it was used with.
    ///
    /// # Errors
    /// The folder cannot be written, or `ports.json` is damaged.
    pub fn open(folder: &Path) -> Result<Self, SandboxError> {
        let folder = std::path::absolute(folder).map_err(|e| SandboxError::folder(folder, &e))?;
        std::fs::create_dir_all(&folder).map_err(|e| SandboxError::folder(&folder, &e))?;
        let file = folder.join("ports.json");
        let ports = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|e| SandboxError::folder(&file, &e))?,
            Err(_) => {
                let ports = choose().map_err(|e| SandboxError::folder(&folder, &e))?;
                let text = serde_json::to_vec_pretty(&ports);
                let text = text.map_err(|e| SandboxError::folder(&file, &e))?;
                std::fs::write(&file, text).map_err(|e| SandboxError::folder(&file, &e))?;
                ports
            }
        };
        Ok(Self { folder, ports })
    }

    /// A file or folder in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// An address on 127.0.0.1.
    #[must_use]
    pub fn address(port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }
}

/// Nine ports that are free now. All are held until the last is known, so that none comes twice.
fn choose() -> std::io::Result<Ports> {
    let mut held = Vec::new();
    let mut next = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        held.push(listener);
        Ok::<_, std::io::Error>(port)
    };
    Ok(Ports {
        dynamodb: next()?,
        sqs: next()?,
        registry: next()?,
        github: next()?,
        ecs: next()?,
        staging: next()?,
        production: next()?,
        staging_database: next()?,
        production_database: next()?,
    })
}
