"""What every benchmark here needs: processes, CPU time, rounds, figures, tables, plots."""
