"""A program that writes to a tracking database: `python writer.py PATH JOURNAL TASK`.

It prints `ready` when it has come to where TASK leads, and ends with its standard input:

- `open`: committed the param `committed` and keeps the database open;
- `begin`: as `open`, and is in a transaction with the param `half`;
- `spill`: as `begin`, with so much that part of it stands in the database's file already;
- `lock`: as `open`, and lets nobody read;
- `pairs`: commits `p0`, `p1`… as a param and as a tag in one transaction, until it is told
  to end.
"""

import select
import sqlite3
import sys


def main(path: str, journal: str, task: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    run_id = connection.execute("SELECT run_uuid FROM runs ORDER BY run_uuid").fetchone()[0]

    def log(table: str, key: str) -> None:
        connection.execute(f"INSERT INTO {table} VALUES (?, 'x', ?)", (key, run_id))

    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute("PRAGMA synchronous = OFF")
    log("params", "committed")
    match task:
        case "begin":
            connection.execute("BEGIN IMMEDIATE")
            log("params", "half")
        case "spill":
            connection.execute("PRAGMA cache_size = 5")
            connection.execute("BEGIN IMMEDIATE")
            log("params", "half")
            for number in range(3000):
                log("tags", f"half {number}")
        case "lock":
            connection.execute("BEGIN EXCLUSIVE")
        case "pairs":
            print("ready", flush=True)
            number = 0
            while not select.select([sys.stdin], [], [], 0)[0]:
                connection.execute("BEGIN IMMEDIATE")
                log("params", f"p{number}")
                log("tags", f"p{number}")
                connection.execute("COMMIT")
                number += 1
            return
    print("ready", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
