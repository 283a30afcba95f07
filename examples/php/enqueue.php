<?php
// Enqueue a PEC with an attachment, with the extension phpredis (package php-redis):
//   PEC_REDIS_HOST=localhost PEC_REDIS_PORT=6379 php examples/php/enqueue.php
declare(strict_types=1);

const UPLOAD_SECONDS = 7 * 86400;

$redis = new Redis();
try {
    $redis->connect(getenv('PEC_REDIS_HOST') ?: 'localhost', (int) (getenv('PEC_REDIS_PORT') ?: 6379), 5.0);
} catch (RedisException $error) {
    fwrite(STDERR, "Redis can't be reached ({$error->getMessage()}): start one, or set PEC_REDIS_HOST\n");
    exit(4);
}

$job = [
    'type' => 'send',
    'id' => 'example-php-1', // your own key: the same id again is never sent a second time
    'account' => 'acme',
    'recipient' => 'consegna@pec.example',
    'subject' => 'Fattura n. 4/2026',
    'body' => '<p>In allegato la fattura.</p>',
    'attachments' => [['name' => 'fattura-4.pdf', 'sha256' => upload($redis, '%PDF-1.4 ...')]],
    'metadata' => ['customer' => 42],
];
$entry = $redis->xAdd('pec:jobs', '*', ['job' => json_encode($job, JSON_THROW_ON_ERROR)])
    ?: throw new RuntimeException($redis->getLastError());
echo "Enqueued {$job['id']} as entry $entry.\n";
echo "Next: `pec watch {$job['id']}` follows it; the hash pec:message:{$job['id']} shows it once a worker\n";
echo "has taken it, and if a worker refused it, pec:rejected has an entry whose `entry` is $entry.\n";

/** Puts bytes beside the jobs, under their SHA-256, which a job names. The same bytes again refresh them. */
function upload(Redis $redis, string $content): string
{
    $sha256 = hash('sha256', $content);
    $redis->set("pec:upload:$sha256", $content, ['ex' => UPLOAD_SECONDS]);
    return $sha256;
}
