<?php
// Send a PEC with an attachment over HTTP, with the extension curl (package php-curl); follow it to its CONSEGNA, and
// download its proof:
//   GATEWAY=http://localhost:8080 TOKEN=pec_... php examples/gateway/send.php proof.zip
declare(strict_types=1);

const KEY = 'example-php-1'; // your own key, one for each PEC: the same request with the same key sends nothing again

$message = [
    'account' => 'acme',
    'recipient' => 'consegna@pec.example',
    'subject' => 'Fattura n. 8/2026',
    'body' => '<p>In allegato la fattura.</p>',
    'attachments' => [['name' => 'fattura-8.pdf', 'file' => base64_encode('%PDF-1.4 ...')]],
];
$accepted = send($message);
if (send($message) === $accepted) {
    echo "Sent twice with one key: it is one PEC.\n";
}
$shown = json(call('GET', $accepted['status_url']));
while (!isset($shown['proof'])) {
    if (in_array($shown['state'], ['failed', 'cancelled', 'rejected'], true)) {
        fwrite(STDERR, 'It was not sent: ' . json_encode($shown) . "\n");
        exit(1);
    }
    sleep(1);
    $shown = json(call('GET', $accepted['status_url']));
}
echo "It is {$shown['state']}.\n";
file_put_contents($argv[1], call('GET', "/v1/messages/{$accepted['id']}/proof"));
echo "Its proof is in {$argv[1]}.\n";

function send(array $message): array
{
    $headers = ['Content-Type: application/json', 'Idempotency-Key: ' . KEY];
    return json(call('POST', '/v1/messages', json_encode($message, JSON_THROW_ON_ERROR), $headers));
}

function json(string $text): array
{
    return json_decode($text, true, flags: JSON_THROW_ON_ERROR);
}

/** Repeats the request until it is answered. Exits with what is wrong with it, if it was refused. */
function call(string $method, string $path, ?string $body = null, array $headers = []): string
{
    while (true) {
        $seconds = 1;
        $curl = curl_init(getenv('GATEWAY') . $path);
        curl_setopt_array($curl, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('TOKEN'), ...$headers],
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT => 60,
            CURLOPT_HEADERFUNCTION => function ($curl, string $line) use (&$seconds): int {
                if (stripos($line, 'Retry-After:') === 0) {
                    $seconds = (int) substr($line, 12);
                }
                return strlen($line);
            },
        ]);
        if ($body !== null) {
            curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
        }
        $answer = curl_exec($curl);
        $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        if ($status >= 200 && $status < 300) {
            return $answer;
        }
        if ($status >= 400 && $status < 500 && $status !== 429) {
            fwrite(STDERR, "$status $answer\n");
            exit(1);
        }
        sleep($seconds); // there was no answer, or one that will not last
    }
}
