//! A PowerShell script that installs what a profile needs, and the profile.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::certificate::Certificate;

use crate::network::Medium;
use crate::network::Network;
use crate::network::TlsVersion;

/// Everything that is said to PowerShell is base64, so that no value can end a string, whatever
/// quotes PowerShell knows; it also keeps the script ASCII, which Windows PowerShell 5 expects.
const HEAD: &str = r"#Requires -RunAsAdministrator
# Trusts the authorities of a network and adds its profile. It asks for nothing and may run again.
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version Latest

function Read-Text([string] $Base64) {
    return [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($Base64))
}

function Add-Authority([string] $StoreName, [string] $Base64) {
    $bytes = [Convert]::FromBase64String($Base64)
    $certificate = New-Object Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList (, $bytes)
    $store = New-Object Security.Cryptography.X509Certificates.X509Store -ArgumentList $StoreName, 'LocalMachine'
    $store.Open('ReadWrite')
    try {
        if ($store.Certificates.Find('FindByThumbprint', $certificate.Thumbprint, $false).Count -gt 0) {
            Write-Output ('Trusted before: {0}' -f $certificate.Subject)
        } else {
            $store.Add($certificate)
            Write-Output ('Now trusted: {0}' -f $certificate.Subject)
        }
    } finally {
        $store.Close()
    }
}

function Add-Profile([string] $Base64, [string[]] $Command) {
    $file = [IO.Path]::GetTempFileName()
    try {
        [IO.File]::WriteAllBytes($file, [Convert]::FromBase64String($Base64))
        $told = & netsh.exe @Command ('filename={0}' -f $file)
        if ($LASTEXITCODE -ne 0) {
            throw ('netsh did not take the profile: {0}' -f ($told -join ' '))
        }
    } finally {
        Remove-Item -LiteralPath $file -Force
    }
}
";

/// What makes Windows speak 802.1X on cables; the service is off on a fresh machine.
const WIRED: &str = r"
Set-Service -Name dot3svc -StartupType Automatic
Start-Service -Name dot3svc
Write-Output 'The service Wired AutoConfig is running.'
";

/// The script.
pub(crate) fn script(network: &Network, profile: &str) -> String {
    let mut script = String::from(HEAD);
    script.push('\n');
    for anchor in &network.anchors {
        script.push_str(&authority("Root", anchor));
    }
    // The authority that signs the device's certificate, so that Windows can send the chain.
    if let Some((root, between)) = network.chain.split_last() {
        for certificate in between {
            script.push_str(&authority("CA", certificate));
        }
        if !network.anchors.contains(root) {
            script.push_str(&authority("Root", root));
        }
    }
    script.push_str(versions(network).unwrap_or_default());
    let profile = STANDARD.encode(profile);
    let command = match &network.medium {
        Medium::Wireless { .. } => "'wlan', 'add', 'profile', 'user=all'",
        Medium::Wired => {
            script.push_str(WIRED);
            "'lan', 'add', 'profile'"
        }
    };
    let name = STANDARD.encode(&network.name);
    script.push_str(&format!("\nAdd-Profile '{profile}' @({command})\n"));
    script.push_str(&format!(
        "Write-Output ('The profile of {{0}} is installed.' -f (Read-Text '{name}'))\n"
    ));
    script
}

fn authority(store: &str, certificate: &Certificate) -> String {
    format!("Add-Authority '{store}' '{}'\n", STANDARD.encode(&certificate.der))
}

/// The versions of TLS, where they are not those that Windows speaks by itself. They are a setting
/// of the whole machine: no profile can hold them.
fn versions(network: &Network) -> Option<&'static str> {
    match (network.tls.lowest, network.tls.highest) {
        (TlsVersion::Tls12, TlsVersion::Tls13) => None,
        (_, TlsVersion::Tls12) => Some(
            r"
# EAP-TLS of this machine speaks TLS 1.2 only.
Set-ItemProperty -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\RasMan\PPP\EAP\13' -Name TlsVersion -Type DWord -Value 0xC00
Write-Output 'EAP-TLS of this machine speaks TLS 1.2 only.'
",
        ),
        (TlsVersion::Tls13, TlsVersion::Tls13) => Some(
            r"
# EAP-TLS of this machine speaks TLS 1.3 only.
Set-ItemProperty -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\RasMan\PPP\EAP\13' -Name TlsVersion -Type DWord -Value 0x3000
Write-Output 'EAP-TLS of this machine speaks TLS 1.3 only.'
",
        ),
    }
}
