"""The table on the terminal: a case each, and how many times as long each contender takes."""

from benchmarks.speed.cases import Case
from benchmarks.speed.measure import OURS
from benchmarks.speed.targets import TARGETS, faults_met, judged


def show(results: dict) -> None:
    machine, rounds = results["machine"], results["rounds"]
    print(f"\n{machine['processor']}, {machine['cores']} cores, {rounds} rounds")
    print("Times as long as nnreg: median and 95 % interval of the ratios within a round\n")
    print(f"{'':26}{'ms':>10}{'times nnreg':>13}{'interval':>16}{'faults':>9}{'MB':>8}")
    for row in results["cases"]:
        print(Case(row["kind"], row["rows"], row["columns"], row["dtype"]))
        for name, found in row["contenders"].items():
            median, low, high = found["ratio"]
            ratio = "" if name == OURS else f"{median:.2f}"
            interval = "" if name == OURS else f"{low:.2f}–{high:.2f}"
            memory = "" if found["megabytes"] is None else f"{found['megabytes']:.0f}"
            print(
                f"  {name:24}{found['milliseconds']:10.4g}{ratio:>13}{interval:>16}"
                f"{found['page_faults']:9.0f}{memory:>8}"
            )
    print("\nTargets: times as fast as the other, and what was aimed at")
    for targets in TARGETS.values():
        for verdict in judged(results, targets):
            target = verdict.target
            print(
                f"  {'met   ' if verdict.met else 'MISSED'} {verdict.reached:6.2f} of "
                f"{target.least:4.2f}  {target.runner} against {target.contender}: {target.case}"
            )
    if any(row["rows"] == 3000 for row in results["cases"]):
        print(f"  {'met   ' if faults_met(results) else 'MISSED'} no page fault in an epoch")
