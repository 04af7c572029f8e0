//! The way to a certificate, and to the next before it ends: a script and a timer of systemd.

use crate::complaint::Complaint;
use crate::linux;
use crate::network::NameKind;
use crate::network::Network;
use crate::shell;
use crate::spelling;
use crate::text::Part;
use crate::text::Text;
use crate::text::Variable;

/// How long before its end a certificate is renewed, in seconds: 30 days.
const RENEWAL_SECONDS: u32 = 30 * 24 * 60 * 60;

/// The script. It runs daily and does nothing while the certificate is good; `--now` asks at once.
pub(super) fn script(network: &Network) -> Result<String, Vec<Complaint>> {
    let mut facts = Vec::new();
    let request = request(network, &mut facts)?;
    let folder = linux::path(network, "");
    let folder = folder.trim_end_matches('/');
    let mut script = format!(
        "#!/bin/sh\n\
         # Asks for this device's certificate, and again 30 days before it ends; --now asks at once.\n\
         # It holds the gateway's secret: owned by root, mode 0700.\n\
         set -eu\n\
         umask 077\n\
         folder={folder}\n\
         certificate=\"$folder/{}\"\n\n",
        linux::CERTIFICATE
    );
    script.push_str(&format!(
        "if [ \"${{1:-}}\" != --now ] && [ -s \"$certificate\" ] &&\n    \
         openssl x509 -noout -checkend {RENEWAL_SECONDS} -in \"$certificate\" >/dev/null; then\n    \
         exit 0\nfi\n\n"
    ));
    if !facts.is_empty() {
        script.push_str(FACTS);
        for fact in &facts {
            script.push_str(&format!("{}=$({})\n", fact.name, fact.command));
        }
        script.push('\n');
    }
    script.push_str(
        "mkdir -p \"$folder\"\n\
         before=$(readlink \"$folder/current\" || true)\n\
         made=$(mktemp -d \"$folder/made.XXXXXXXX\")\n\
         trap 'rm -rf \"$made\"' EXIT\n\
         safeconduct enroll --force",
    );
    for word in request {
        script.push_str(&format!(" \\\n    {word}"));
    }
    script.push_str(
        " \\\n    --out=\"$made\"\n\n\
         # Key and certificate change in one step.\n\
         ln -sfn \"$(basename \"$made\")\" \"$folder/next\"\n\
         mv -fT \"$folder/next\" \"$folder/current\"\n\
         trap - EXIT\n\
         if [ -n \"$before\" ]; then\n    rm -rf \"${folder:?}/$before\"\nfi\n",
    );
    Ok(script)
}

/// What keeps a value of the machine from having a meaning in a subject.
const FACTS: &str = "\
# What the machine says of itself, without characters that mean something in a name.
fact() {
    value=$(LC_ALL=C tr -cd 'A-Za-z0-9._:-')
    [ -n \"$value\" ] || { echo \"this machine does not know its $1\" >&2; exit 1; }
    printf %s \"$value\"
}
";

/// What a script finds out about its machine.
struct Fact {
    name: &'static str,
    command: &'static str,
}

/// The fact behind a variable; a machine knows nobody who owns it.
fn fact(variable: Variable) -> Option<Fact> {
    let (name, command) = match variable {
        Variable::DeviceSerial => {
            ("device_serial", "fact 'serial number' </sys/class/dmi/id/product_serial")
        }
        Variable::DeviceUdid => ("device_id", "fact 'machine id' </etc/machine-id"),
        Variable::DeviceName => ("device_name", "uname -n | fact name"),
        Variable::DeviceModel => ("device_model", "fact model </sys/class/dmi/id/product_name"),
        Variable::DeviceMac => (
            "device_mac",
            "cat /sys/class/net/wl*/address /sys/class/net/en*/address 2>/dev/null | head -n 1 | \
             fact 'MAC address'",
        ),
        Variable::PersonEmail | Variable::PersonName | Variable::PersonUpn => return None,
    };
    Some(Fact { name, command })
}

/// The words of the command, quoted; values are joined to their options, so that none is taken for
/// another.
fn request(network: &Network, facts: &mut Vec<Fact>) -> Result<Vec<String>, Vec<Complaint>> {
    let scep = &network.scep;
    let mut complaints = Vec::new();
    let mut subject = Vec::new();
    for (attribute, text) in &scep.subject {
        match words(text, "subject", escape, facts) {
            Ok(value) => subject.push(format!("{}{value}", shell::quote(&format!("{attribute}=")))),
            Err(complaint) => complaints.push(complaint),
        }
    }
    let mut request = vec![
        format!("--url={}", shell::quote(&scep.url)),
        format!("--secret={}", shell::quote(&scep.challenge)),
        format!("--key=rsa-{}", scep.key_bits),
        format!("--subject={}''", subject.join("','")),
    ];
    for (kind, text) in &scep.names {
        let field = kind.as_field();
        let kind = match kind {
            NameKind::Email => "email",
            NameKind::Dns => "dns",
            NameKind::Uri => "uri",
            NameKind::Upn => "upn",
        };
        match words(text, field, str::to_owned, facts) {
            Ok(value) => request.push(format!("--san={kind}:{value}")),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if complaints.is_empty() { Ok(request) } else { Err(complaints) }
}

/// A text as a word: what is literal in single quotes, variables as the shell's in double ones.
fn words(
    text: &Text,
    field: &str,
    escape: impl Fn(&str) -> String,
    facts: &mut Vec<Fact>,
) -> Result<String, Complaint> {
    let mut word = String::new();
    for part in &text.0 {
        match part {
            Part::Literal(literal) => {
                if let Some(complaint) = crate::check::line(field, literal) {
                    return Err(complaint);
                }
                word.push_str(&shell::quote(&escape(literal)));
            }
            Part::Variable(variable) => {
                let fact = fact(*variable).ok_or_else(|| spelling::unknown(*variable, field))?;
                word.push_str(&format!("\"${}\"", fact.name));
                if !facts.iter().any(|known| known.name == fact.name) {
                    facts.push(fact);
                }
            }
        }
    }
    Ok(word)
}

/// A value of a subject: a backslash before each character that separates, as `enroll` reads it.
fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for c in value.chars() {
        if matches!(c, ',' | '+' | '=' | '\\' | '"' | '<' | '>' | ';' | '#') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The service that the timer starts.
pub(super) fn service(network: &Network) -> String {
    format!(
        "[Unit]\n\
         Description=Certificate for the network {slug}\n\
         Wants=network-online.target\n\
         After=network-online.target\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         ExecStart=/bin/sh {script}\n\
         ProtectSystem=strict\n\
         ReadWritePaths={folder}\n\
         ProtectHome=yes\n\
         PrivateTmp=yes\n\
         NoNewPrivileges=yes\n",
        slug = network.slug,
        script = linux::path(network, linux::ENROLL),
        folder = linux::path(network, "").trim_end_matches('/'),
    )
}

/// The timer: daily, each device at a moment of its own, and after a night that it slept through.
pub(super) fn timer(network: &Network) -> String {
    format!(
        "[Unit]\n\
         Description=Renewal of the certificate for the network {}\n\
         \n\
         [Timer]\n\
         OnCalendar=daily\n\
         RandomizedDelaySec=6h\n\
         Persistent=true\n\
         \n\
         [Install]\n\
         WantedBy=timers.target\n",
        network.slug
    )
}
