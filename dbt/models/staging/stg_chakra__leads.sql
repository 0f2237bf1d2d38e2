{{ chakra_processes(source('chakra', 'process_lead'), 'lead') }}
