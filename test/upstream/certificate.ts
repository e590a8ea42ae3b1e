/**
 * A self-signed certificate for localhost and 127.0.0.1, valid for a hundred years, and its key. For tests only: the
 * key is public. Made with
 *   openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
 *     -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out cert.pem
 */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUc8gLkrnXDuKDTgEABRDop5olcP0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjEyMTQyMFoYDzIxMjYxMDI5
MTIxNDIwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQoajBr72lU3bK7RAVvNiBRjcXVSPuRQUiko+Q+dIeIBWUQXH9Qe5PM
1oMaMf8ZmDw9wNNcXM1ubXtCyMRBjLOVo28wbTAdBgNVHQ4EFgQU1pF7dFwp6hSn
6q5CAwuH5cQLDqwwHwYDVR0jBBgwFoAU1pF7dFwp6hSn6q5CAwuH5cQLDqwwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgX5Nr5Pr1DkJPAp3MaRqvedwtK4nWXRDkxgsP9XKvCx0CIQD9
J2a+ZvZREzSx9Uq73siqXv4sAUtCPW/CRom6jK81Xw==
-----END CERTIFICATE-----
`;

export const PRIVATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgql/3AkZQMy3/wFDH
YRBc8IA7sNbEkp6x+dU3g/nnaGuhRANCAAQoajBr72lU3bK7RAVvNiBRjcXVSPuR
QUiko+Q+dIeIBWUQXH9Qe5PM1oMaMf8ZmDw9wNNcXM1ubXtCyMRBjLOV
-----END PRIVATE KEY-----
`;
