//! What a program is, by what is in it: a shell that is called `backup` is a shell. The marks were
//! looked up in the programs of Debian 12 and stand in every version of the last ten years.

/// What kind of thing a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Runs commands that it is given.
    Shell,
    /// Many programs in one, a shell among them.
    MultiCall,
    /// Runs programs in a language.
    Interpreter,
    /// Installs packages of a distribution.
    PackageManager,
    /// Installs packages of a language.
    LanguageManager,
    /// Fetches files from elsewhere.
    Downloader,
    /// Makes one user another.
    Elevation,
    /// Connects to elsewhere, or listens.
    Network,
    /// Makes programs, or looks into running ones.
    Developer,
    /// A validated cryptographic module.
    ValidatedModule,
    /// Made by Rust's compiler.
    Rust,
    /// Its functions look after their return addresses.
    StackProtector,
}

/// A program by what must all be in it.
#[derive(Debug)]
pub struct Rule {
    /// What people call it.
    pub name: &'static str,
    /// What it is.
    pub class: Class,
    /// What must all be in its bytes.
    pub marks: &'static [&'static str],
    /// Whether it is a script, which `#!` begins, rather than a binary.
    pub is_script: bool,
}

const fn binary(name: &'static str, class: Class, marks: &'static [&'static str]) -> Rule {
    Rule {
        name,
        class,
        marks,
        is_script: false,
    }
}

const fn script(name: &'static str, class: Class, marks: &'static [&'static str]) -> Rule {
    Rule {
        name,
        class,
        marks,
        is_script: true,
    }
}

/// Every program that is known.
pub const RULES: &[Rule] = &[
    binary("bash", Class::Shell, &["@(#)Bash version"]),
    binary(
        "dash",
        Class::Shell,
        &[
            "Syntax error: ",
            "EOF in backquote substitution",
            "Illegal number: %s",
        ],
    ),
    binary("zsh", Class::Shell, &["ZSH_EVAL_CONTEXT"]),
    binary("ksh", Class::Shell, &["KSH_VERSION"]),
    binary("tcsh", Class::Shell, &["Too many ('s"]),
    // Its strings are of four bytes a letter.
    binary(
        "fish",
        Class::Shell,
        &["f\0\0\0i\0\0\0s\0\0\0h\0\0\0_\0\0\0f\0\0\0e\0\0\0a\0\0\0t\0\0\0u\0\0\0r\0\0\0e\0\0\0s"],
    ),
    binary(
        "busybox",
        Class::MultiCall,
        &["BusyBox v", "multi-call binary"],
    ),
    binary("toybox", Class::MultiCall, &["usage: toybox"]),
    binary(
        "perl",
        Class::Interpreter,
        &["PERL5LIB", "Can't locate object method"],
    ),
    binary(
        "python",
        Class::Interpreter,
        &["PYTHONHOME", "PYTHONSTARTUP"],
    ),
    binary("lua", Class::Interpreter, &["LUA_INIT"]),
    binary("ruby", Class::Interpreter, &["ruby_sysinit"]),
    binary("tcl", Class::Interpreter, &["TCL_LIBRARY"]),
    binary("php", Class::Interpreter, &["PHP_INI_SCAN_DIR"]),
    binary(
        "node",
        Class::Interpreter,
        &["NODE_OPTIONS", "NODE_REPL_HISTORY"],
    ),
    binary("gawk", Class::Interpreter, &["GAWK_READ_TIMEOUT"]),
    binary("mawk", Class::Interpreter, &["MAWK_LONG_OPTIONS"]),
    binary("apt", Class::PackageManager, &["libapt-pkg.so"]),
    binary("dpkg", Class::PackageManager, &["DPKG_ADMINDIR"]),
    binary("rpm", Class::PackageManager, &["librpm.so"]),
    binary("apk", Class::PackageManager, &["etc/apk/world"]),
    binary("zypper", Class::PackageManager, &["libzypp.so"]),
    binary("microdnf", Class::PackageManager, &["libdnf.so"]),
    script("dnf", Class::PackageManager, &["dnf.cli"]),
    script("yum", Class::PackageManager, &["yummain"]),
    script("pip", Class::LanguageManager, &["from pip._internal"]),
    script("gem", Class::LanguageManager, &["rubygems/gem_runner"]),
    script("npm", Class::LanguageManager, &["lib/cli.js"]),
    script("cpan", Class::LanguageManager, &["App::Cpan"]),
    script("composer", Class::LanguageManager, &["composer.phar"]),
    binary("curl", Class::Downloader, &["CURL_HOME"]),
    binary("wget", Class::Downloader, &["SYSTEM_WGETRC"]),
    binary("sudo", Class::Elevation, &["sudo_conf_debug_files"]),
    binary("su", Class::Elevation, &["su-l", "runuser"]),
    binary("doas", Class::Elevation, &["/etc/doas.conf"]),
    binary("pkexec", Class::Elevation, &["PKEXEC_UID"]),
    binary("ssh", Class::Network, &["OpenSSH_"]),
    binary("netcat", Class::Network, &["usage: nc"]),
    binary("netcat", Class::Network, &["[v1.10"]),
    binary("ncat", Class::Network, &["Ncat: "]),
    binary("socat", Class::Network, &["socat version"]),
    binary("telnet", Class::Network, &["%s/.telnetrc"]),
    binary("tcpdump", Class::Network, &["libpcap.so", "tcpdump"]),
    binary("gcc", Class::Developer, &["COLLECT_GCC"]),
    binary("as", Class::Developer, &["GNU assembler"]),
    binary("ld", Class::Developer, &["ldscripts"]),
    binary("gdb", Class::Developer, &["GDBHISTFILE"]),
    binary("strace", Class::Developer, &["PTRACE_TRACEME"]),
    binary("aws-lc", Class::ValidatedModule, &["AWS-LC FIPS"]),
    binary(
        "openssl",
        Class::ValidatedModule,
        &["OpenSSL FIPS Provider"],
    ),
    binary("boringcrypto", Class::ValidatedModule, &["GOFIPS140="]),
    // Where panics come from is told by the path of the standard library's source.
    binary("rust", Class::Rust, &["library/core/src/"]),
    binary(
        "stack protector",
        Class::StackProtector,
        &["__stack_chk_fail"],
    ),
];
