//! The sandbox's administrator: HTTP of our own, so that no client of the program's takes part.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

/// Where the sandbox's administrator listens.
#[derive(Debug, Clone)]
pub struct Admin {
    address: String,
}

impl Admin {
    /// From the URL that the sandbox prints.
    pub fn at(url: &str) -> Self {
        let address = url.trim().trim_start_matches("http://").trim_end_matches(['.', '/']);
        Self { address: address.to_owned() }
    }

    /// Asks; what is not 200 is an error.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let mut stream = TcpStream::connect(&self.address).map_err(|e| format!("{}: {e}", self.address))?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).map_err(|e| e.to_string())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(|e| e.to_string())?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        if !head.starts_with("HTTP/1.1 200") {
            return Err(format!("{method} {path}: {head}\n{body}"));
        }
        serde_json::from_str(body).map_err(|e| format!("{e}: {body}"))
    }

    pub fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).unwrap()
    }

    /// Somebody at the vendor does something.
    pub fn act(&self, vendor: &str, action: &str, arguments: &Value) -> Value {
        self.ask("POST", &format!("/actions/{vendor}/{action}"), Some(arguments)).unwrap()["done"].clone()
    }

    pub fn network(&self, cut: bool) {
        self.ask("PUT", "/network", Some(&json!({ "cut": cut }))).unwrap();
    }

    pub fn fault(&self, fault: &Value) {
        self.ask("POST", "/faults", Some(fault)).unwrap();
    }

    pub fn no_faults(&self) {
        self.ask("DELETE", "/faults", None).unwrap();
    }

    /// The number of the journal's last entry.
    pub fn last(&self) -> u64 {
        let journal = self.get("/journal");
        journal["entries"].as_array().unwrap().last().map_or(0, |e| e["seq"].as_u64().unwrap())
    }

    /// The journal's entries that a query chooses.
    pub fn journal(&self, query: &str) -> Vec<Value> {
        self.get(&format!("/journal?{query}"))["entries"].as_array().unwrap().clone()
    }
}
