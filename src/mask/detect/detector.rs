/// What a detector looks for in the values that no rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Detector {
    /// A payment card's number, alone, in groups or in the data of a magnetic track. On: PCI DSS 4.0.1 forbids to show more of it than the first
    /// six and last four digits (3.4.1), to store it readably (3.5.1), and to store track data at all (3.3.1.1).
    Card,
    /// An international bank account number (ISO 13616). On: it says who is paid, and its check digits, its country's length and the kinds of
    /// its characters leave less than one in a hundred of texts that merely look like one.
    Iban,
    /// A JSON Web Token, signed, encrypted or neither. On: who has it is let in, and its claims can be read by anyone.
    Jwt,
    /// A private key as PEM, OpenSSH, PGP or PuTTY write it, in lines, with `\n` spelled out, in one line, or in base64. On: it says of itself
    /// that it is private.
    PrivateKey,
    /// An API key or token of a vendor that marks its keys, so that they can be found. On: the marks are made for this, and harmless text does
    /// not carry them.
    ProviderKey,
    /// The credentials after the name of a scheme in running text, as in `Bearer x`, `Basic x` or `Token x`. On: texts of errors repeat
    /// headers, and words that look like no credentials stay.
    Credentials,
    /// An email address. Off: a log of API calls is there to tell who called, and about whom.
    Email,
    /// A phone number, international with `+`, or North American with separators. Off: as for email addresses, and numbers of other
    /// things have the same shape.
    Phone,
    /// An address of version 4 or 6 of the Internet Protocol. Off: a log of API calls is there to tell who called, and versions of
    /// software have the same shape.
    IpAddress,
    /// A social security number of the United States, `ddd-dd-dddd`. Off: it has no check digit, so that numbers of parts and orders have
    /// the same shape.
    UsSsn,
}

impl Detector {
    /// All detectors.
    pub const ALL: [Self; 10] = [
        Self::Card,
        Self::Iban,
        Self::Jwt,
        Self::PrivateKey,
        Self::ProviderKey,
        Self::Credentials,
        Self::Email,
        Self::Phone,
        Self::IpAddress,
        Self::UsSsn,
    ];

    /// Returns its name, as reports give it for the rule.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "payment card",
            Self::Iban => "bank account",
            Self::Jwt => "JSON Web Token",
            Self::PrivateKey => "private key",
            Self::ProviderKey => "provider key",
            Self::Credentials => "credentials",
            Self::Email => "email address",
            Self::Phone => "phone number",
            Self::IpAddress => "IP address",
            Self::UsSsn => "social security number",
        }
    }

    /// Tells whether it works without being asked to.
    pub const fn is_on_by_default(self) -> bool {
        match self {
            Self::Card
            | Self::Iban
            | Self::Jwt
            | Self::PrivateKey
            | Self::ProviderKey
            | Self::Credentials => true,
            Self::Email | Self::Phone | Self::IpAddress | Self::UsSsn => false,
        }
    }

    pub(super) const fn bit(self) -> u16 {
        1 << self as u16
    }
}
