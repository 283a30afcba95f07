<?php
// Receive events and verify that they are ours, with PHP alone:
//   WEBHOOK_SECRET=whsec_… php -S 127.0.0.1:8080 examples/php/receive.php
// and name http://127.0.0.1:8080 in PEC_WEBHOOKS__ENDPOINTS, with PEC_WEBHOOKS__ALLOW_PRIVATE=true.
declare(strict_types=1);

const TOLERANCE_SECONDS = 5 * 60;

/** Return whether the request is ours, unchanged and recent. `$body` is its raw bytes. */
function verified(string $body, string $secret, string $id, string $timestamp, string $signatures): bool
{
    if ($id === '' || !ctype_digit($timestamp) || abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) {
        return false;
    }
    $key = base64_decode(substr($secret, strlen('whsec_')));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $signatures) as $signature) {
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}

$body = file_get_contents('php://input');
$id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
$timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
$signatures = $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '';
if (!verified($body, (string) getenv('WEBHOOK_SECRET'), $id, $timestamp, $signatures)) {
    http_response_code(401);
    return;
}
$event = json_decode($body, true, flags: JSON_THROW_ON_ERROR);
// An event may come twice, with the same webhook-id: keep the ids that you have handled in your database.
error_log(implode(' ', [$id, $event['type'], $event['data']['id'] ?? '']));
http_response_code(204);
