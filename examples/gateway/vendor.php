<?php
// A program for the PEC Massiva API, in PHP. It sends with the vendor's host and token, and with the gateway's:
//   VENDOR_HOST=https://ws.pecmassiva.com TOKEN=... MAIL_SENDER=... MAIL_USERNAME=... MAIL_PASSWORD=... php vendor.php
declare(strict_types=1);

$answer = call('POST', '/send', [
    'sender' => getenv('MAIL_SENDER'),
    'username' => getenv('MAIL_USERNAME'),
    'password' => getenv('MAIL_PASSWORD'),
    'recipient' => 'consegna@pec.example',
    'subject' => 'Sollecito n. 4',
    'body' => '<p>In allegato il sollecito.</p>',
    'attachments' => ['name' => 'sollecito-4.txt', 'file' => base64_encode('Sollecito')],
]);
if (!$answer['success']) {
    fwrite(STDERR, $answer['message'] . "\n");
    exit(1);
}
echo "Sent: {$answer['message_id']}\n";

do {
    sleep(1);
    $subjects = array_map(
        fn (array $one): string => $one['subject'] ?? $one['object'],
        call('GET', "/send/{$answer['message_id']}")['data'] ?? [],
    );
} while (!array_filter($subjects, fn (string $one): bool => str_starts_with($one, 'CONSEGNA: ')));
echo "CONSEGNA: {$answer['message_id']}\n";

function call(string $method, string $path, ?array $body = null): array
{
    $curl = curl_init(getenv('VENDOR_HOST') . $path);
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 60,
        CURLOPT_HTTPHEADER => [
            'Authorization: Bearer ' . getenv('TOKEN'),
            'x-username: ' . getenv('MAIL_USERNAME'),
            'x-password: ' . getenv('MAIL_PASSWORD'),
        ],
    ]);
    if ($body !== null) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($body)); // declared as a form, as old programs do
    }
    return json_decode(curl_exec($curl), true, flags: JSON_THROW_ON_ERROR);
}
