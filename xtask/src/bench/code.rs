//! Apex for the benchmark of growth: chains of methods that hand a patient's record on.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::steps::target;

/// Methods of a chain. A class holds one.
const CHAIN: usize = 50;

/// Writes a project of so many classes below the target folder, and gives the folder.
pub(super) fn write(classes: usize) -> Result<PathBuf, String> {
    let folder = target().join(format!("bench/chains-{classes}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    file(
        &folder.join("sfdx-project.json"),
        r#"{"packageDirectories":[{"path":"force-app"}],"sourceApiVersion":"66.0"}"#,
    )?;
    let base = folder.join("force-app/main/default");
    file(
        &base.join("objects/Contact/fields/Diagnosis__c.field-meta.xml"),
        "<CustomField xmlns=\"http://soap.sforce.com/2006/04/metadata\"><fullName>Diagnosis__c</fullName>\
         <label>Diagnosis</label><type>Text</type><length>255</length></CustomField>\n",
    )?;
    for class in 0..classes {
        let mut text = format!(
            "public with sharing class Chain{class} {{\n    public static void begin(Id id) {{\n        \
             take0([SELECT LastName, Diagnosis__c FROM Contact WHERE Id = :id], '');\n    }}\n"
        );
        for step in 0..CHAIN {
            let _ = write!(
                text,
                "    static void take{step}(Contact patient, String note) {{\n        \
                 System.debug(note + patient.Diagnosis__c);\n        \
                 HttpRequest request = new HttpRequest();\n        \
                 request.setEndpoint('https://vendor{step}.example/take');\n        \
                 request.setMethod('POST');\n        \
                 request.setBody(JSON.serialize(patient));\n        \
                 new Http().send(request);\n"
            );
            if step + 1 < CHAIN {
                let _ = writeln!(text, "        take{}(patient, note + patient.LastName);", step + 1);
            }
            text.push_str("    }\n");
        }
        text.push_str("}\n");
        file(&base.join(format!("classes/Chain{class}.cls")), &text)?;
        file(
            &base.join(format!("classes/Chain{class}.cls-meta.xml")),
            "<ApexClass xmlns=\"http://soap.sforce.com/2006/04/metadata\"><apiVersion>66.0</apiVersion>\
             <status>Active</status></ApexClass>\n",
        )?;
    }
    Ok(folder)
}

fn file(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}
