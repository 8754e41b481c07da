#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Statements of in-toto, read by Python's json alone. Called by statement.sh."""
import base64, hashlib, json, re, subprocess, sys

PAYLOAD = 'application/vnd.in-toto+json'


def read(path):
    with open(path) as f: return json.load(f)


def sha256(path):
    with open(path, 'rb') as f: return hashlib.sha256(f.read()).hexdigest()


def lines(run):
    with open(run + '/starts.jsonl') as f: return [json.loads(x) for x in f]


def names_of(path):
    s = read(path)
    if 'payload' in s: s = json.loads(base64.b64decode(s['payload']))
    return [one['name'] for one in s['subject']]


def subjects(path, *names): assert sorted(names_of(path)) == sorted(names), names_of(path)


def lacks(path, name): assert names_of(path) and name not in names_of(path), names_of(path)


def says(path, run, head, data):
    s, ledger = read(path), lines(run)
    assert s['_type'] == 'https://in-toto.io/Statement/v1' and s['predicateType'] == 'https://slsa.dev/provenance/v1'
    assert set(s) == {'_type', 'subject', 'predicateType', 'predicate'}
    for one in s['subject']: assert one['digest'] == {'sha256': sha256(f"{run}/{one['name']}")}, one
    made = {x['name']: x for x in ledger if x['event'] == 'checkpoint'}
    assert {x['name'] for x in s['subject']} == set(made) | {'network-snapshot-000002048.safetensors'}
    for one in s['subject']:
        if one['name'] in made: assert one['annotations']['gantry_root'] == made[one['name']]['state']
    chain = next(x for x in ledger if x['event'] == 'chain')
    d, r = s['predicate']['buildDefinition'], s['predicate']['runDetails']
    assert d['buildType'].startswith('urn:') and r['builder']['id'].startswith('urn:')
    assert d['externalParameters'] == {'recipe': chain['recipe_text'], 'recipe_sha256': hashlib.sha256(chain['recipe_text'].encode()).hexdigest()}
    assert d['internalParameters'] == {'arithmetic': chain['arithmetic']}
    samples = next(x for x in ledger if x['event'] == 'data')
    found = {x['name']: x for x in d['resolvedDependencies']}
    assert found['data']['digest'] == {'gantry_root': samples['root']} and found['data']['annotations'] == {'gantry_samples': 32}
    assert re.fullmatch(r'pkg:generic/gantry@[0-9]+\.[0-9]+\.[0-9a-z.-]+', found['program']['uri']) and set(found) == {'data', 'program'}
    assert r['byproducts'] == [{'name': 'starts.jsonl', 'digest': {'gantry_head': head}, 'annotations': {'gantry_images': 2048, 'gantry_begin': 0}}], (r, head)
    for key in 'startedOn', 'finishedOn': assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', r['metadata'][key])
    if data: assert 'sha256:' + samples['root'] == data, (data, samples)


def taken_apart(signed, plain):
    """The bytes that are signed, made as the protocol says, and the signature."""
    e = read(signed)
    body = base64.b64decode(e['payload'], validate=True)
    assert e['payloadType'] == PAYLOAD and json.loads(body) == read(plain) and len(e['signatures']) == 1
    with open('pae.bin', 'wb') as f: f.write(pae(body))
    with open('sig.bin', 'wb') as f: f.write(base64.b64decode(e['signatures'][0]['sig'], validate=True))


def pae(body): return b'DSSEv1 %d %s %d %s' % (len(PAYLOAD), PAYLOAD.encode(), len(body), body)


def with_subject(signed, old, new, key):
    """Signed by the key, by OpenSSL: the statement with the SHA-256 of file `new` in place of that of `old`."""
    e = read(signed)
    body = base64.b64decode(e['payload']).replace(old.encode(), sha256(new).encode())
    with open('forged.pae', 'wb') as f: f.write(pae(body))
    subprocess.run(['openssl', 'pkeyutl', '-sign', '-inkey', key, '-rawin', '-in', 'forged.pae', '-out', 'forged.sig'], check=True)
    with open('forged.sig', 'rb') as f: e['signatures'][0]['sig'] = base64.b64encode(f.read()).decode()
    e['payload'] = base64.b64encode(body).decode()
    with open(signed, 'w') as f: json.dump(e, f)


def weak(signed):
    """weak-N.pem: keys of small order, and one that is not below p; weak.json: `signed` with what is right for the first of them, whatever is signed"""
    p, eight = 2**255 - 19, 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826
    points = [1, 0, p - 1, eight, p - eight, eight + 2**255, p + 1, p + 3]
    for i, y in enumerate(points):
        der = bytes.fromhex('302a300506032b6570032100') + y.to_bytes(32, 'little')
        with open(f'weak-{i}.pem', 'w') as f: f.write('-----BEGIN PUBLIC KEY-----\n' + base64.b64encode(der).decode() + '\n-----END PUBLIC KEY-----\n')
    e = read(signed)
    e['signatures'] = [{'sig': base64.b64encode((1).to_bytes(32, 'little') + bytes(32)).decode()}]
    with open('weak.json', 'w') as f: json.dump(e, f)


def keyid(path): print(read(path)['signatures'][0]['keyid'])


def damage(path):
    """bad-NAME.json: envelopes that are not those that were signed"""
    e = read(path)
    body, sig = base64.b64decode(e['payload']), e['signatures'][0]['sig']
    def encode(data): return base64.b64encode(data).decode()
    def put(name, **changed): put_text(name, json.dumps({**e, **changed}))
    def put_text(name, text):
        with open(f'bad-{name}.json', 'w') as f: f.write(text)
    raw = bytearray(base64.b64decode(sig))
    raw[20] ^= 1
    put('sig', signatures=[{'keyid': e['signatures'][0]['keyid'], 'sig': encode(raw)}])
    put('short', signatures=[{'sig': encode(raw[:63])}])
    put('none', signatures=[])
    put('many', signatures=[{'sig': encode(raw)}] * 1000)
    put('body', payload=encode(body.replace(b'checkpoint-000002048', b'checkpoint-000002047')))
    put('space', payload=encode(body + b' '))
    put('type', payloadType='application/vnd.in-toto+json2')
    put('letters', payload='*' + e['payload'][1:])
    put('length', payload=e['payload'][:-1])
    put('number', payload=3)
    put_text('twice', json.dumps(e)[:-1] + ', "payload": "%s"}' % encode(body))
    put_text('deep', '[' * 100000)
    put_text('cut', json.dumps(e)[:-20])
    put_text('large', json.dumps({**e, 'more': 'x' * (17 << 20)}))


if __name__ == '__main__': globals()[sys.argv[1]](*sys.argv[2:])
