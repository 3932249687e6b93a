//! Randomness, and the key pair of the box's App.
//! It does not know what is signed with it.

use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, EncodeRsaPublicKey, LineEnding};
use rsa::{BigUint, RsaPrivateKey};

/// Two primes of 1,024 bits. They are no secret, and need not be one: whoever reaches the box may
/// act as anyone in it by naming a login. To find new ones takes a second at each start, and many
/// in an unoptimised build; this takes a millisecond.
const PRIMES: [&str; 2] = [
    "\
     f33ce75255b6b866dc48e786d3064c6ab540af310080c59fb32f6c9713218cb7\
     6686b8efb8a6ef7e67520809e700492e10b0650d045f1b89807f1d662a60e03d\
     c9b220f8b714152836a13795c31d6f3459b4f2908c5d3f6dadc616fe4c5556c9\
     369680f538fcc90663df903584740dce3539f8ed02d1e574533d00c32ee47ab5",
    "\
     eddf0b46b43fb0682418484bbb60061fac41c3320c506e95f3f10d8475f1fb78\
     a682753581aacadac14f11dbbff52c52b11e93e867c36a1b8fda15883928f295\
     b35dc27592f62b7f9af6196985ad7e439b9b4b2f7f7f511178faacc9f9319a01\
     5761b022c6dcdd9988f031b51ea6093c9458b366d433cbcf3e4db6dabc6e8b61",
];

/// The App's private key, PEM (PKCS#1), as GitHub hands it out.
pub(crate) fn private_key() -> Result<String, rsa::Error> {
    let [p, q] = PRIMES.map(|prime| BigUint::parse_bytes(prime.as_bytes(), 16).unwrap_or_default());
    let key = RsaPrivateKey::from_p_q(p, q, BigUint::from(65_537_u32))?;
    Ok(key.to_pkcs1_pem(LineEnding::LF)?.to_string())
}

/// The public half of a private key, DER (PKCS#1).
pub(crate) fn public_key(private_key: &str) -> Option<Vec<u8>> {
    let key = RsaPrivateKey::from_pkcs1_pem(private_key).ok()?;
    let public = key.to_public_key().to_pkcs1_der().ok()?;
    Some(public.as_bytes().to_vec())
}

/// Random bytes.
#[expect(
    clippy::disallowed_methods,
    reason = "the box is GitHub: ids and tokens are its own to choose"
)]
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without randomness there are only guessable tokens, which a box on this machine can bear.
    getrandom::fill(&mut bytes).ok();
    bytes
}
