"""What is unsafe or suspicious in model files, found without executing, building or following anything.

One file an area: `configs` (what JSON names), `marshal_data` and `disassembly` (the code of lambdas), `pickles`,
`parts` (containers, and what surrounds them). What is looked for is the table `rules.RULES`.
"""

from zoo.safety.disassembly import disassemble as disassemble
from zoo.safety.lambdas import lambdas as lambdas
from zoo.safety.marshal_data import Code as Code
from zoo.safety.marshal_data import read_code as read_code
from zoo.safety.rules import RULES as RULES
from zoo.safety.rules import SEVERITIES as SEVERITIES
from zoo.safety.rules import Finding as Finding
from zoo.safety.rules import Rule as Rule
from zoo.safety.rules import at_least as at_least
from zoo.safety.sarif import sarif as sarif
from zoo.safety.scanner import Scanned as Scanned
from zoo.safety.scanner import scan as scan
from zoo.safety.scanner import scan_files as scan_files
